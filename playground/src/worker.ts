// The worker: loads Pyodide and nnc from the page's own folder, and answers questions in order.

import { loadPyodide } from "pyodide";

type Question = { id: number; ask: string; args: unknown[] };

const folder = new URL("./", self.location.href).href;

async function start(): Promise<(ask: string, args: string) => string> {
  tell("Loading Python");
  const python = await loadPyodide({ indexURL: `${folder}pyodide/` });
  tell("Loading nnc");
  const archive = await fetch(`${folder}nnc.zip`);
  if (!archive.ok) throw new Error(`nnc.zip: ${archive.status}`);
  python.unpackArchive(await archive.arrayBuffer(), "zip", { extractDir: "/nnc" });
  python.runPython("import sys; sys.path.insert(0, '/nnc')");
  tell("Starting the compiler");
  const session = python.pyimport("session");
  return (ask, args) => session.answer(ask, args) as string;
}

function tell(step: string): void {
  self.postMessage({ step });
}

const ready = start();
ready.then(
  () => self.postMessage({ ready: true }),
  (error: unknown) => self.postMessage({ failed: String(error) }),
);

self.onmessage = async (event: MessageEvent<Question>) => {
  const { id, ask, args } = event.data;
  try {
    const answer = (await ready)(ask, JSON.stringify(args));
    self.postMessage({ id, answer: JSON.parse(answer) });
  } catch (error) {
    self.postMessage({ id, error: String(error) });
  }
};
