// The worker: loads Pyodide and nnc from the page's own folder, and answers questions in order.

import { loadPyodide, type PyodideInterface } from "pyodide";

type Question = { id: number; ask: string; args: unknown[] };

const folder = new URL("./", self.location.href).href;

type Answer = (ask: string, args: string) => string;

async function start(): Promise<{ python: PyodideInterface; answer: Answer }> {
  tell("Loading Python");
  const python = await loadPyodide({ indexURL: `${folder}pyodide/` });
  tell("Loading nnc");
  const archive = await fetch(`${folder}nnc.zip`);
  if (!archive.ok) throw new Error(`nnc.zip: ${archive.status}`);
  python.unpackArchive(await archive.arrayBuffer(), "zip", { extractDir: "/nnc" });
  python.runPython("import sys; sys.path.insert(0, '/nnc')");
  tell("Starting the compiler");
  const session = python.pyimport("session");
  return { python, answer: (ask, args) => session.answer(ask, args) as string };
}

function tell(step: string): void {
  self.postMessage({ step });
}

// Training needs NumPy, whose wheel for Pyodide the page's folder may have or not.
const NUMPY = `${folder}numpy.whl`;
let numpy: Promise<boolean> | undefined;

async function loadNumpy(python: PyodideInterface): Promise<boolean> {
  const found = await fetch(NUMPY, { method: "HEAD" });
  if (!found.ok) return false;
  await python.loadPackage(NUMPY, { checkIntegrity: false });
  return true;
}

const ready = start();
ready.then(
  () => self.postMessage({ ready: true }),
  (error: unknown) => self.postMessage({ failed: String(error) }),
);

self.onmessage = async (event: MessageEvent<Question>) => {
  const { id, ask, args } = event.data;
  try {
    const { python, answer } = await ready;
    if (ask === "train" && !(await (numpy ??= loadNumpy(python)))) {
      self.postMessage({ id, answer: null });
      return;
    }
    self.postMessage({ id, answer: JSON.parse(answer(ask, JSON.stringify(args))) });
  } catch (error) {
    self.postMessage({ id, error: String(error) });
  }
};
