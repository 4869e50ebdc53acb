// The spec's editor: colours, squiggles with repairs, shapes behind stages, hover, completion.

import { autocompletion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { HighlightStyle, StreamLanguage, StreamParser, syntaxHighlighting } from "@codemirror/language";
import { Diagnostic, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { Compartment, EditorState, RangeSetBuilder, StateEffect, StateField } from "@codemirror/state";
import { Decoration, DecorationSet, EditorView, hoverTooltip, keymap, lineNumbers, WidgetType } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { Compiler, Update } from "./compiler";
import { markdown } from "./markdown";
import rules from "./rules.json";

type Rule = { match: string; styles: (string | null)[] };

const patterns = (rules as Rule[]).map((rule) => ({
  pattern: new RegExp(rule.match, "y"),
  styles: rule.styles,
}));

/** Colours from the rules of the TextMate grammar; the parts of a match are taken one by one. */
const parser: StreamParser<{ parts: [number, string | null][] }> = {
  startState: () => ({ parts: [] }),
  token(stream, state) {
    const part = state.parts.shift();
    if (part) {
      stream.pos += part[0];
      return part[1];
    }
    for (const { pattern, styles } of patterns) {
      pattern.lastIndex = stream.pos;
      const match = pattern.exec(stream.string);
      if (!match || !match[0]) continue;
      state.parts = styles.map((style, i) => [match[i + 1].length, style] as [number, string | null]);
      state.parts = state.parts.filter(([length]) => length > 0);
      const first = state.parts.shift();
      stream.pos += first ? first[0] : match[0].length;
      return first ? first[1] : null;
    }
    stream.next();
    return null;
  },
  tokenTable: {
    comment: tags.comment,
    string: tags.string,
    number: tags.number,
    dimension: tags.constant(tags.variableName),
    keyword: tags.keyword,
    word: tags.modifier,
    defined: tags.definition(tags.variableName),
    layer: tags.className,
    activation: tags.function(tags.variableName),
    choice: tags.typeName,
    key: tags.attributeName,
    value: tags.atom,
    operator: tags.operator,
    name: tags.variableName,
  },
};

const colours = HighlightStyle.define([
  { tag: tags.comment, color: "var(--comment)" },
  { tag: tags.string, color: "var(--string)" },
  { tag: [tags.number, tags.atom], color: "var(--number)" },
  { tag: tags.constant(tags.variableName), color: "var(--number)", fontStyle: "italic" },
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword, tags.definitionKeyword], color: "var(--keyword)" },
  { tag: [tags.className, tags.typeName], color: "var(--kind)" },
  { tag: tags.function(tags.variableName), color: "var(--function)" },
  { tag: tags.attributeName, color: "var(--key)" },
  { tag: tags.definition(tags.variableName), fontWeight: "bold" },
]);

export const shared = [
  syntaxHighlighting(colours),
  EditorView.theme({
    "&": { height: "100%", color: "var(--text)", backgroundColor: "var(--paper)" },
    ".cm-gutters": { color: "var(--faint)", backgroundColor: "var(--paper)", border: "none" },
    ".cm-content": { caretColor: "var(--text)" },
    "&.cm-focused .cm-cursor": { borderLeftColor: "var(--text)" },
    "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
      backgroundColor: "var(--selected) !important",
    },
    ".cm-tooltip": { color: "var(--text)", backgroundColor: "var(--raised)", border: "1px solid var(--line)" },
  }),
];

// --- hints: the shape behind every stage ---------------------------------------------------

class Hint extends WidgetType {
  constructor(readonly label: string, readonly tooltip: string) {
    super();
  }
  eq(other: Hint): boolean {
    return other.label === this.label && other.tooltip === this.tooltip;
  }
  toDOM(): HTMLElement {
    const span = document.createElement("span");
    span.className = "hint";
    span.textContent = ` ${this.label} `;
    span.title = this.tooltip;
    return span;
  }
}

const setHints = StateEffect.define<Update["hints"]>();

const hintField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(shown, transaction) {
    shown = shown.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(setHints)) continue;
      const builder = new RangeSetBuilder<Decoration>();
      const length = transaction.state.doc.length;
      const sorted = [...effect.value].sort((a, b) => a.at - b.at);
      for (const { at, label, tooltip } of sorted) {
        if (at > length) continue;
        builder.add(at, at, Decoration.widget({ widget: new Hint(label, tooltip), side: 1 }));
      }
      shown = builder.finish();
    }
    return shown;
  },
  provide: (field) => EditorView.decorations.from(field),
});

// --- the editor ----------------------------------------------------------------------------

export interface Hooks {
  onText: (text: string) => void;
  onLine: (line: number) => void;
  onExplain: (code: string) => void;
}

export const dark = new Compartment();

export function makeEditor(parent: HTMLElement, text: string, compiler: Compiler, hooks: Hooks): EditorView {
  return new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        history(),
        lintGutter(),
        hintField,
        StreamLanguage.define(parser),
        shared,
        keymap.of([...defaultKeymap, ...historyKeymap, ...lintKeymap, indentWithTab]),
        autocompletion({ override: [(context) => completed(compiler, context)] }),
        hoverTooltip((view, at) => hovered(compiler, at)),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": "Spec of the network", tabindex: "0" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) hooks.onText(update.state.doc.toString());
          if (update.docChanged || update.selectionSet) {
            hooks.onLine(update.state.doc.lineAt(update.state.selection.main.head).number);
          }
        }),
      ],
    }),
  });
}

async function completed(compiler: Compiler, context: CompletionContext): Promise<CompletionResult | null> {
  const word = context.matchBefore(/[\w]*$/);
  if (!context.explicit && (!word || word.from === word.to)) return null;
  const items = await compiler.complete(context.pos);
  if (!items.length) return null;
  return {
    from: items[0].from,
    options: items
      .filter((item) => item.from === items[0].from)
      .map((item) => ({ label: item.label, apply: item.insert, detail: item.detail.slice(0, 40), info: item.info || undefined })),
  };
}

async function hovered(compiler: Compiler, at: number) {
  const found = await compiler.hover(at);
  if (!found) return null;
  return {
    pos: found.from,
    end: found.to,
    create: () => {
      const dom = document.createElement("div");
      dom.className = "hover";
      dom.innerHTML = markdown(found.text);
      return { dom };
    },
  };
}

/** Show what a check found, unless the text changed since. */
export function showFindings(view: EditorView, text: string, found: Update, hooks: Hooks): void {
  if (view.state.doc.toString() !== text) return;
  const diagnostics: Diagnostic[] = found.findings.map((finding) => ({
    from: finding.from,
    to: finding.to,
    severity: finding.severity,
    source: finding.code,
    message: finding.message,
    renderMessage: () => {
      const dom = document.createElement("pre");
      dom.className = "finding";
      dom.textContent = finding.text.trimEnd();
      return dom;
    },
    actions: [
      ...finding.fixes.map((fix) => ({
        name: fix.title,
        apply: (editor: EditorView) => editor.dispatch({ changes: fix.edits }),
      })),
      { name: `Explain ${finding.code}`, apply: () => hooks.onExplain(finding.code) },
    ],
  }));
  view.dispatch({ effects: setHints.of(found.hints) });
  view.dispatch(setDiagnostics(view.state, diagnostics));
}
