// The extension: starts `nnc lsp`, and the commands that need more than the protocol has.

import * as vscode from "vscode";
import { LanguageClient, LanguageClientOptions, ServerOptions } from "vscode-languageclient/node";
import { showGenerated, GeneratedModules } from "./generated";
import { compile, showGraph, train } from "./commands";
import { interpreter } from "./interpreter";

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const modules = new GeneratedModules();
  const current = () => client;
  context.subscriptions.push(
    modules,
    vscode.workspace.registerTextDocumentContentProvider(GeneratedModules.scheme, modules),
    vscode.commands.registerCommand("nnc.showGenerated", () => showGenerated(current(), modules, 0)),
    vscode.commands.registerCommand("nnc.showGeneratedFast", () => showGenerated(current(), modules, 1)),
    vscode.commands.registerCommand("nnc.compile", compile),
    vscode.commands.registerCommand("nnc.showGraph", showGraph),
    vscode.commands.registerCommand("nnc.train", train),
    vscode.commands.registerCommand("nnc.restart", restart),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("nnc.interpreter")) void restart();
    }),
  );
  await start();
}

export async function deactivate(): Promise<void> {
  await client?.stop();
}

async function restart(): Promise<void> {
  await client?.stop();
  await start();
}

async function start(): Promise<void> {
  const python = await interpreter();
  const server: ServerOptions = { command: python, args: ["-m", "nnc", "lsp"] };
  const options: LanguageClientOptions = {
    documentSelector: [{ language: "nn" }],
    synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher("**/*.nn") },
  };
  client = new LanguageClient("nnc", "nnc", server, options);
  try {
    await client.start();
  } catch (error) {
    const settings = "Open settings";
    const chosen = await vscode.window.showErrorMessage(
      `nnc: ${python} -m nnc lsp does not start. Install it with: ${python} -m pip install 'nnc[lsp]'`,
      settings,
    );
    if (chosen === settings) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "nnc.interpreter");
    }
  }
}
