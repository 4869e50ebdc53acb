// The page's side of the worker: questions with promises of their answers.

export interface Edit {
  from: number;
  to: number;
  insert: string;
}

export interface Finding {
  from: number;
  to: number;
  line: number;
  severity: "error" | "warning" | "info";
  code: string;
  message: string;
  text: string;
  fixes: { title: string; edits: Edit[] }[];
}

export interface Update {
  findings: Finding[];
  hints: { at: number; label: string; tooltip: string }[];
  compiles: boolean;
}

export interface Code {
  text: string;
  regions: { first: number; last: number; line: number }[];
}

export interface Row {
  line: number;
  name: string;
  in: string[];
  stage: string;
  out: string;
  parameters: number;
}

export interface Item {
  label: string;
  sort: string;
  detail: string;
  insert: string;
  from: number;
  info: string;
}

type Waiting = { resolve: (value: never) => void; reject: (error: Error) => void };

export class Compiler {
  private readonly worker = new Worker("worker.js", { type: "module" });
  private readonly waiting = new Map<number, Waiting>();
  private next = 0;
  readonly ready: Promise<void>;

  constructor(onStep: (step: string) => void) {
    this.ready = new Promise((resolve, reject) => {
      this.worker.onmessage = ({ data }) => {
        if (data.step) onStep(data.step);
        else if (data.ready) resolve();
        else if (data.failed) reject(new Error(data.failed));
        else this.settle(data);
      };
      this.worker.onerror = (event) => reject(new Error(event.message || "the worker does not start"));
    });
  }

  private settle(data: { id: number; answer?: never; error?: string }): void {
    const waiting = this.waiting.get(data.id);
    this.waiting.delete(data.id);
    if (data.error !== undefined) waiting?.reject(new Error(data.error));
    else waiting?.resolve(data.answer as never);
  }

  private ask<T>(ask: string, ...args: unknown[]): Promise<T> {
    const id = this.next++;
    this.worker.postMessage({ id, ask, args });
    return new Promise<T>((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }

  update = (text: string) => this.ask<Update>("update", text);
  shapes = () => this.ask<Row[]>("shapes");
  code = (level: number) => this.ask<Code | null>("code", level);
  graph = () => this.ask<string | null>("graph");
  hover = (at: number) => this.ask<{ from: number; to: number; text: string } | null>("hover", at);
  complete = (at: number) => this.ask<Item[]>("complete", at);
  explain = (code: string) => this.ask<string | null>("explain", code);
  /** Lines of epochs; null if the page's folder has no NumPy. */
  train = (epochs: number) => this.ask<string[] | null>("train", epochs);
  format = () => this.ask<string>("format");
}
