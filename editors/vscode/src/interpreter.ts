// Which Python runs nnc.

import * as vscode from "vscode";

/** The interpreter of the settings, else the one chosen in the Python extension, else python3. */
export async function interpreter(): Promise<string> {
  const chosen = vscode.workspace.getConfiguration("nnc").get<string>("interpreter", "").trim();
  if (chosen) return chosen;
  const python = vscode.extensions.getExtension("ms-python.python");
  if (python) {
    const api = python.isActive ? python.exports : await python.activate();
    const path: unknown = api?.environments?.getActiveEnvironmentPath?.()?.path;
    if (typeof path === "string" && path) return path;
  }
  return process.platform === "win32" ? "python" : "python3";
}
