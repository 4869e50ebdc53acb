// Commands that run `nnc` itself.

import { execFile } from "node:child_process";
import * as vscode from "vscode";
import { interpreter } from "./interpreter";

/** The saved file of the active spec; undefined if there is none. */
async function savedSpec(): Promise<vscode.Uri | undefined> {
  const document = vscode.window.activeTextEditor?.document;
  if (document?.languageId !== "nn") return undefined;
  if (document.isUntitled || document.uri.scheme !== "file") {
    void vscode.window.showWarningMessage("nnc: save the spec first.");
    return undefined;
  }
  await document.save();
  return document.uri;
}

/** Run `nnc` and return its standard output; errors are shown and give undefined. */
async function run(...args: string[]): Promise<string | undefined> {
  const python = await interpreter();
  return new Promise((resolve) => {
    execFile(python, ["-m", "nnc", ...args], { maxBuffer: 1 << 26 }, (error, out, told) => {
      if (error) void vscode.window.showErrorMessage(`nnc: ${told.split("\n")[0] || error.message}`);
      resolve(error ? undefined : out);
    });
  });
}

/** Compile to a module beside the spec. */
export async function compile(): Promise<void> {
  const spec = await savedSpec();
  if (!spec) return;
  const module = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.file(spec.fsPath.replace(/\.nn$/, "") + ".py"),
    filters: { Python: ["py"] },
  });
  if (!module) return;
  if ((await run("compile", spec.fsPath, "-o", module.fsPath)) === undefined) return;
  await vscode.window.showTextDocument(module, { viewColumn: vscode.ViewColumn.Beside });
}

/** Show the network as an SVG picture. */
export async function showGraph(): Promise<void> {
  const spec = await savedSpec();
  if (!spec) return;
  const svg = await run("graph", "--format", "svg", spec.fsPath);
  if (svg === undefined) return;
  const panel = vscode.window.createWebviewPanel("nnc.graph", "Network", vscode.ViewColumn.Beside, {
    enableScripts: false,
  });
  const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
  const picture = `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`;
  panel.webview.html = `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}"><title>Network</title>
<style>body { background: white } img { display: block; margin: 1rem auto; max-width: 100% }</style>
</head><body><img src="${picture}" alt="The layers of the network and the shapes between them"></body></html>`;
}

/** Train in a terminal, where the curves are shown. */
export async function train(): Promise<void> {
  const spec = await savedSpec();
  if (!spec) return;
  const data = await vscode.window.showInputBox({
    prompt: "Data: a file, or a data set that ships with nnc",
    value: vscode.workspace.getConfiguration("nnc").get("train.data", "digits"),
  });
  if (!data) return;
  const run = new vscode.ProcessExecution(await interpreter(), [
    "-m", "nnc", "train", spec.fsPath, "--data", data,
  ]);
  const task = new vscode.Task({ type: "nnc" }, vscode.TaskScope.Workspace, "train", "nnc", run);
  await vscode.tasks.executeTask(task); // its terminal stays open when training ends
}
