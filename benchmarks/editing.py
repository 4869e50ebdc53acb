"""What a person waits for who types: from an edit to the findings of `nnc lsp`, and its memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from random import Random
from statistics import median, quantiles
from time import perf_counter
from typing import Any

URI = "file:///nowhere/spec.nn"
MANY = 10_000
"""Edits of the run that watches the memory."""


def chain(layers: int) -> str:
    """So many layers, each on a line."""
    lines = (f"  -> dense {20 + i % 7} relu as s{i}\n" for i in range(layers))
    return f"let w = 3\ninput 16\n{''.join(lines)}  -> dense 3 softmax\nloss crossentropy\n"


class Client:
    """`nnc lsp` with one open buffer; only what is measured is spoken."""

    def __init__(self, text: str) -> None:
        command = [sys.executable, "-m", "nnc", "lsp"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.lines, self.version, self.id = text.split("\n"), 1, 0
        self.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        self.tell("initialized", {})
        item = {"uri": URI, "languageId": "nn", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": item})
        self.findings()

    def tell(self, method: str, params: object, **more: object) -> None:
        """Send a message."""
        body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **more}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def ask(self, method: str, params: object) -> Any:
        """Send a request, and return its result."""
        self.id += 1
        self.tell(method, params, id=self.id)
        while (found := self.read()).get("id") != self.id:
            pass
        return found["result"]

    def read(self) -> dict[str, Any]:
        """Return the next message."""
        stream, length = self.process.stdout, 0
        assert stream is not None
        while line := stream.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        found: dict[str, Any] = json.loads(stream.read(length))
        return found

    def findings(self) -> int:
        """Wait for the findings of the text as it is; return how many there are."""
        while True:
            found = self.read()
            params = found.get("params") or {}
            published = found.get("method") == "textDocument/publishDiagnostics"
            if published and params["version"] == self.version:
                return len(params["diagnostics"])

    def edit(self, line: int, column: int, old: int, new: str) -> float:
        """Replace characters of a line; return the seconds until the findings are there."""
        self.version += 1
        text = self.lines[line]
        self.lines[line] = text[:column] + new + text[column + old :]
        start, end = ({"line": line, "character": c} for c in (column, column + old))
        change = {"range": {"start": start, "end": end}, "text": new}
        own = {"uri": URI, "version": self.version}
        begin = perf_counter()
        self.tell("textDocument/didChange", {"textDocument": own, "contentChanges": [change]})
        self.findings()
        return perf_counter() - begin

    def processor(self) -> float:
        """The seconds that the server has used of the processor; NaN where nobody says."""
        path = Path(f"/proc/{self.process.pid}/stat")
        if not path.exists():
            return float("nan")
        words = path.read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """The resident memory of the server in MB; NaN where the system does not say."""
        path = Path(f"/proc/{self.process.pid}/status")
        lines = path.read_text().splitlines() if path.exists() else []
        return next((int(li.split()[1]) / 1024 for li in lines if "VmRSS" in li), float("nan"))

    def stop(self) -> None:
        """End the server."""
        self.ask("shutdown", None)
        self.tell("exit", None)
        self.process.wait(30)


def typed(client: Client, random: Random, edits: int) -> list[float]:
    """Type letters into random lines and take them out again; return the seconds of each."""
    seconds = []
    for _ in range(edits // 2):
        line = random.randrange(2, len(client.lines) - 2)
        column = random.randrange(len(client.lines[line]) + 1)
        seconds.append(client.edit(line, column, 0, random.choice("xq3 $(")))
        seconds.append(client.edit(line, column, 1, ""))
    return seconds


def main(rounds: int) -> None:
    """Print all figures."""
    print(
        f"\nfrom an edit to the findings of `nnc lsp`, {rounds} edits; load {os.getloadavg()[0]:.1f}"
    )
    for layers in (100, 1000):
        client = Client(chain(layers))
        typed(client, Random(1), 10)
        before = client.processor()
        found = typed(client, Random(2), rounds)
        used = (client.processor() - before) / len(found)
        figures = (median(found), quantiles(found, n=20)[-1], used)
        middle, p95, processor = (f"{seconds * 1e3:6.1f} ms" for seconds in figures)
        print(f"  {layers:5,} layers: median {middle}, p95 {p95}, processor {processor}")
        client.stop()
    print(
        f"\nmemory of `nnc lsp` in MB over {MANY:,} edits of 20 layers, with hints and colours asked for"
    )
    client = Client(chain(20))
    for done in range(0, MANY + 1, MANY // 10):
        if done:
            for _ in range(MANY // 1000):
                typed(client, Random(done), 100)
                for method in ("inlayHint", "semanticTokens/full", "documentSymbol"):
                    everything = {
                        "start": {"line": 0, "character": 0},
                        "end": {"line": 99, "character": 0},
                    }
                    params = {"textDocument": {"uri": URI}, "range": everything}
                    client.ask(f"textDocument/{method}", params)
        print(f"  {done:6,} edits {client.memory():7.1f}", flush=True)
    client.stop()
