// A link that carries the spec in its fragment, which no server sees.

/** The spec of the address, if there is one. */
export function readLink(): string | undefined {
  const found = /^#spec=([A-Za-z0-9_-]+)$/.exec(location.hash);
  if (!found) return undefined;
  try {
    const bytes = Uint8Array.from(atob(found[1].replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Put a spec into the address, without a new entry in the history. */
export function writeLink(text: string): void {
  const bytes = new TextEncoder().encode(text);
  const plain = btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(""));
  const fragment = plain.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  history.replaceState(null, "", `#spec=${fragment}`);
}
