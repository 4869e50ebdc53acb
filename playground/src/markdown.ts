// Markdown of nnc's own pages as HTML. Text in it that comes from the spec is escaped.

import { marked } from "marked";

const escaped: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** HTML in the source is shown as text, and links other than to web pages are left out. */
export function markdown(source: string): string {
  const renderer = new marked.Renderer();
  renderer.html = ({ text }) => text.replace(/[&<>"]/g, (c) => escaped[c]);
  renderer.link = ({ href, text }) => {
    const label = text.replace(/[&<>"]/g, (c) => escaped[c]);
    return /^https?:\/\//.test(href) ? `<a href="${encodeURI(href)}" rel="noopener">${label}</a>` : label;
  };
  renderer.image = ({ text }) => text.replace(/[&<>"]/g, (c) => escaped[c]);
  return marked.parse(source, { renderer, async: false }) as string;
}
