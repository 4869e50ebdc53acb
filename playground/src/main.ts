// The page: the spec on the left, what nnc makes of it on the right.

import { python } from "@codemirror/lang-python";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, DecorationSet, EditorView, lineNumbers } from "@codemirror/view";
import { Code, Compiler, Row, Update } from "./compiler";
import { Hooks, makeEditor, shared, showFindings } from "./editor";
import examples from "./examples.json";
import { markdown } from "./markdown";
import { readLink, writeLink } from "./link";
import { Tabs } from "./tabs";

const PAUSE = 150; // milliseconds without a key before the text is checked

const element = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;

const status = element("status");
const compiler = new Compiler((step) => (status.textContent = `${step} …`));
const texts = examples as Record<string, string>;
let line = 1;
let latest: Update | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

const hooks: Hooks = {
  onText: () => {
    clearTimeout(timer);
    timer = setTimeout(check, PAUSE);
  },
  onLine: (at) => {
    line = at;
    for (const pane of [plain, fast]) pane.light(line);
  },
  onExplain: (code) => void explain(code),
};

// --- the module beside the spec --------------------------------------------------------------

const setLit = StateEffect.define<[number, number][]>();

const litField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(shown, transaction) {
    for (const effect of transaction.effects) {
      if (!effect.is(setLit)) continue;
      const lines = transaction.state.doc.lines;
      const lit = new Set<number>();
      for (const [first, last] of effect.value) {
        for (let n = first; n <= Math.min(last, lines); n++) lit.add(n);
      }
      shown = Decoration.set(
        [...lit].sort((a, b) => a - b).map((n) => Decoration.line({ class: "lit" }).range(transaction.state.doc.line(n).from)),
      );
    }
    return shown;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** One view of a generated module; the lines of the spec's current line are lit. */
class ModulePane {
  private readonly view: EditorView;
  private code: Code | null = null;

  constructor(parent: HTMLElement, label: string, private readonly onLine: (line: number) => void) {
    this.view = new EditorView({
      parent,
      state: EditorState.create({
        extensions: [
          lineNumbers(),
          python(),
          shared,
          litField,
          EditorState.readOnly.of(true),
          EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
          EditorView.updateListener.of((update) => {
            if (update.selectionSet && !update.docChanged && this.view.hasFocus) this.follow();
          }),
        ],
      }),
    });
  }

  show(code: Code | null): void {
    this.code = code;
    const text = code?.text ?? "# The spec has errors, or nothing to compile yet.\n";
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text } });
    this.light(line);
  }

  /** Say that the module is on its way, where there is none to go on showing. */
  wait(): void {
    if (this.code) return;
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: "# compiling …\n" } });
  }

  light(specLine: number): void {
    const found = (this.code?.regions ?? []).filter((region) => region.line === specLine);
    const effects: StateEffect<unknown>[] = [setLit.of(found.map(({ first, last }) => [first, last]))];
    if (found.length && !this.view.hasFocus) {
      const at = this.view.state.doc.line(Math.min(found[0].first, this.view.state.doc.lines)).from;
      effects.push(EditorView.scrollIntoView(at, { y: "center" }));
    }
    this.view.dispatch({ effects });
  }

  private follow(): void {
    const at = this.view.state.doc.lineAt(this.view.state.selection.main.head).number;
    const region = this.code?.regions.find(({ first, last }) => first <= at && at <= last);
    if (region) this.onLine(region.line);
  }
}

function goTo(specLine: number): void {
  const { doc } = editor.state;
  if (specLine > doc.lines) return;
  const at = doc.line(specLine).from;
  editor.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
}

const plain = new ModulePane(element("plain"), "Generated module, as written in textbooks", goTo);
const fast = new ModulePane(element("fast"), "Generated module, optimised", goTo);

// --- the tabs --------------------------------------------------------------------------------

const shows: Record<string, () => Promise<void>> = {
  graph: async () => showGraph(await compiler.graph()),
  shapes: async () => showShapes(await compiler.shapes()),
  plain: () => showModule(plain, 0),
  fast: () => showModule(fast, 1),
};

async function showModule(pane: ModulePane, level: number): Promise<void> {
  if (latest?.compiles) pane.wait();
  pane.show(await compiler.code(level));
}

const tabs = new Tabs(element("tabs"), (name) => void refresh(name));

async function refresh(name: string): Promise<void> {
  if (latest) await shows[name]?.();
}

function showGraph(svg: string | null): void {
  const pane = element("graph");
  pane.replaceChildren();
  if (svg === null) {
    pane.append(note("The spec has errors, or no chain yet; the errors are below the spec."));
    return;
  }
  const image = document.createElement("img"); // an image runs no script, whatever the spec's names are
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  image.alt = "The layers of the network, and the shapes between them; the tab Shapes has them as a table";
  pane.append(image);
}

function showShapes(rows: Row[]): void {
  const body = element("rows");
  body.replaceChildren(
    ...rows.map((row) => {
      const line = document.createElement("tr");
      const cells = [row.name, row.in.join(", "), row.stage, row.out, row.parameters.toLocaleString("en")];
      cells.forEach((text, i) => {
        const cell = document.createElement(i === 0 ? "th" : "td");
        if (i === 0) cell.setAttribute("scope", "row");
        cell.textContent = text;
        line.append(cell);
      });
      line.onclick = () => goTo(row.line);
      return line;
    }),
  );
}

function note(text: string): HTMLElement {
  const paragraph = document.createElement("p");
  paragraph.className = "note";
  paragraph.textContent = text;
  return paragraph;
}

async function explain(code: string): Promise<void> {
  const page = await compiler.explain(code);
  element("page").innerHTML = page === null ? "" : markdown(page);
  tabs.choose("pages");
}

// --- checking --------------------------------------------------------------------------------

async function check(): Promise<void> {
  const text = editor.state.doc.toString();
  try {
    latest = await compiler.update(text);
  } catch (error) {
    status.textContent = `nnc itself failed: ${error}`;
    return;
  }
  if (editor.state.doc.toString() !== text) return; // a later check is on its way
  showFindings(editor, text, latest, hooks);
  showList(latest);
  writeLink(text);
  await refresh(tabs.chosen);
  document.body.dataset.checked = String(Number(document.body.dataset.checked ?? "0") + 1);
}

function showList(found: Update): void {
  const count = (severity: string) => found.findings.filter((f) => f.severity === severity).length;
  const words = [
    [count("error"), "error"],
    [count("warning"), "warning"],
    [count("info"), "note"],
  ] as const;
  const said = words.filter(([n]) => n > 0).map(([n, word]) => `${n} ${word}${n > 1 ? "s" : ""}`);
  status.textContent = said.join(", ") || "No errors";
  element("findings").replaceChildren(
    ...found.findings.map((finding) => {
      const item = document.createElement("li");
      item.className = finding.severity;
      const place = document.createElement("button");
      place.textContent = `Line ${finding.line}: ${finding.message}`;
      place.onclick = () => {
        editor.dispatch({ selection: { anchor: finding.from }, scrollIntoView: true });
        editor.focus();
      };
      item.append(place);
      for (const fix of finding.fixes) {
        const button = document.createElement("button");
        button.className = "fix";
        button.textContent = fix.title;
        button.onclick = () => editor.dispatch({ changes: fix.edits });
        item.append(button);
      }
      const why = document.createElement("button");
      why.className = "why";
      why.textContent = `Explain ${finding.code}`;
      why.onclick = () => void explain(finding.code);
      item.append(why);
      return item;
    }),
  );
}

// --- training --------------------------------------------------------------------------------

const NO_NUMPY =
  "This page has no NumPy, so it cannot train. Put NumPy's wheel for Pyodide beside index.html, as\n" +
  "numpy.whl, or train on your machine: nnc train model.nn --data digits";

const begin = element<HTMLButtonElement>("begin");
begin.onclick = async () => {
  const shown = element("epochs");
  begin.disabled = true;
  shown.textContent = "Training …";
  try {
    const lines = await compiler.train(10);
    shown.textContent = lines === null ? NO_NUMPY : lines.join("\n");
  } catch (error) {
    shown.textContent = String(error);
  }
  begin.disabled = false;
};

// --- the beginning ---------------------------------------------------------------------------

const chooser = element<HTMLSelectElement>("examples");
for (const name of Object.keys(texts)) chooser.add(new Option(name.replaceAll("_", " "), name));
chooser.value = "mnist";
chooser.onchange = () => replace(texts[chooser.value]);
element("format").onclick = async () => replace(await compiler.format());
element("share").onclick = async () => {
  writeLink(editor.state.doc.toString());
  await navigator.clipboard?.writeText(location.href).catch(() => {});
  status.textContent = "The link with this spec is in the address bar, and copied";
};

function replace(text: string): void {
  editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
  editor.focus();
}

const editor = makeEditor(element("editor"), readLink() ?? texts.mnist, compiler, hooks);
window.addEventListener("hashchange", () => {
  const text = readLink();
  if (text !== undefined && text !== editor.state.doc.toString()) replace(text);
});

compiler.ready.then(
  () => {
    document.body.dataset.ready = "true";
    void check();
  },
  (error: Error) => {
    status.textContent = `The compiler does not start: ${error.message}`;
    document.body.dataset.failed = "true";
  },
);
