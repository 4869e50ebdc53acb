"""What compiling costs: whole cold processes, and chains of thousands of layers."""

from __future__ import annotations

import gc
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from nnc.driver import Options, compile_source
from nnc.source import Source

TEN_LAYERS = "input 784 -> " + " -> ".join(
    [
        *(f"dense {size} relu" for size in (256, 200, 160, 128, 100, 80, 64, 48, 32)),
        "dense 10 softmax",
    ]
)
SPEC = f"{TEN_LAYERS}\nloss crossentropy\noptimizer sgd lr=0.1 momentum=0.9\n"


def command() -> list[str]:
    """The installed `nnc`, or the module if it is not beside this Python."""
    script = Path(sys.executable).with_name("nnc")
    return [str(script)] if script.exists() else [sys.executable, "-m", "nnc"]


def process(*args: str, times: int) -> float:
    """Median seconds of a whole process, after one run that warms the disk."""
    seconds = []
    for _ in range(times + 1):
        start = perf_counter()
        subprocess.run([*command(), *args], check=True, capture_output=True)
        seconds.append(perf_counter() - start)
    return median(seconds[1:])


def chain(layers: int) -> float:
    """Seconds to compile a chain of so many layers, Black left out."""
    text = "input 16" + " -> dense 16 relu" * layers + "\nloss mse\noptimizer sgd lr=0.1\n"
    gc.collect()
    start = perf_counter()
    compile_source(Source("chain.nn", text), Options(format=False))
    return perf_counter() - start


def main(rounds: int) -> None:
    """Print both kinds of figures."""
    times = max(3, rounds // 25)
    print(f"\nwhole cold processes on a spec of ten layers, median of {times}")
    with tempfile.TemporaryDirectory() as folder:
        spec, out = Path(folder) / "ten.nn", Path(folder) / "ten.py"
        spec.write_text(SPEC, encoding="utf-8")
        print(f"  nnc lint    {process('lint', str(spec), times=times):8.2f} s")
        print(f"  nnc compile {process('compile', str(spec), '-o', str(out), times=times):8.2f} s")
    print("\ncompiling a chain of dense layers at -O1, without Black")
    for layers in (1000, 2000, 4000):
        seconds = chain(layers)
        print(f"  {layers} layers {seconds:8.2f} s   {seconds / layers * 1e3:.2f} ms a layer")
