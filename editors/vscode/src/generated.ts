// The generated module beside the spec: a read-only document whose view scrolls with the spec's.

import * as vscode from "vscode";
import { LanguageClient } from "vscode-languageclient/node";

/** Lines of a module (from 1) that come from a line of a spec. */
interface Region {
  first: number;
  last: number;
  line: number;
  uri: string;
}

interface Generated {
  text: string;
  level: number;
  regions: Region[];
}

/** The modules that are shown, by the address under which the editor asks for them. */
export class GeneratedModules implements vscode.TextDocumentContentProvider, vscode.Disposable {
  static readonly scheme = "nnc-generated";
  private readonly made = new Map<string, { spec: vscode.Uri; module: Generated }>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly listening: vscode.Disposable[];
  private scrolling = false;
  readonly onDidChange = this.changed.event;

  constructor() {
    this.listening = [
      vscode.window.onDidChangeTextEditorVisibleRanges((event) => this.follow(event.textEditor)),
      vscode.window.onDidChangeTextEditorSelection((event) => this.follow(event.textEditor)),
      vscode.workspace.onDidCloseTextDocument((document) => this.made.delete(document.uri.toString())),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.listening, this.changed).dispose();
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.made.get(uri.toString())?.module.text ?? "";
  }

  put(spec: vscode.Uri, module: Generated): vscode.Uri {
    const name = spec.path.split("/").pop()?.replace(/\.nn$/, "") ?? "model";
    const query = encodeURIComponent(spec.toString());
    const uri = vscode.Uri.parse(`${GeneratedModules.scheme}:${name}-O${module.level}.py?${query}`);
    this.made.set(uri.toString(), { spec, module });
    this.changed.fire(uri);
    return uri;
  }

  /** Scroll the other view to what belongs to the line that is looked at. */
  private follow(editor: vscode.TextEditor): void {
    if (this.scrolling) return;
    const line = editor.selection.active.line + 1;
    const own = this.made.get(editor.document.uri.toString());
    if (own) {
      const region = own.module.regions.find((r) => r.first <= line && line <= r.last);
      if (region) this.reveal(region.uri, region.line);
      return;
    }
    for (const [address, { spec, module }] of this.made) {
      if (spec.toString() !== editor.document.uri.toString()) continue;
      const region = module.regions.find((r) => r.line === line && r.uri === spec.toString());
      if (region) this.reveal(address, region.first);
    }
  }

  private reveal(address: string, line: number): void {
    const editor = vscode.window.visibleTextEditors.find((e) => e.document.uri.toString() === address);
    if (!editor || line > editor.document.lineCount) return;
    this.scrolling = true;
    editor.revealRange(editor.document.lineAt(line - 1).range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    setTimeout(() => (this.scrolling = false), 50); // the editor's own event follows
  }
}

/** Show the module of the active spec in the column beside it. */
export async function showGenerated(
  client: LanguageClient | undefined,
  modules: GeneratedModules,
  level: number,
): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (!client || editor?.document.languageId !== "nn") return;
  const spec = editor.document.uri;
  const module = await client.sendRequest<Generated | null>("workspace/executeCommand", {
    command: "nnc.showGenerated",
    arguments: [spec.toString(), level],
  });
  if (!module) {
    void vscode.window.showWarningMessage("nnc: the spec has errors, so there is no module to show.");
    return;
  }
  const document = await vscode.workspace.openTextDocument(modules.put(spec, module));
  await vscode.languages.setTextDocumentLanguage(document, "python");
  await vscode.window.showTextDocument(document, {
    viewColumn: vscode.ViewColumn.Beside,
    preserveFocus: true,
    preview: true,
  });
}
