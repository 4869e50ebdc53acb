"""Training on data larger than memory should be: peak memory of `nnc train` on 4 GB of .npy files.

    python -m benchmarks.streaming [GIGABYTES]

The rows are written once to a temporary folder (holes in the file, and random rows in a part of it).
Prints the peak of resident memory, which counts pages of the file, too, and exits with 1 above 500 MB.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

COLUMNS = 1024
MOST = 500e6
SPEC = (
    f"input {COLUMNS} -> dense 16 relu -> dense 2 softmax; loss crossentropy; "
    "optimizer adam lr=1e-3; train batch=256 epochs=1"
)


def write(folder: Path, gigabytes: float) -> int:
    """x.npy and y.npy of so many bytes; gives the number of rows."""
    rows = int(gigabytes * 1e9) // (4 * COLUMNS)
    rng = np.random.default_rng(0)
    x = np.lib.format.open_memmap(folder / "x.npy", "w+", np.float32, (rows, COLUMNS))
    for start in range(0, rows, max(1, rows // 16)):
        part = x[start : start + 1000]
        part[...] = rng.standard_normal(part.shape, np.float32)
    np.save(folder / "y.npy", rng.integers(0, 2, rows))
    return rows


def peak() -> float:
    """Bytes that a child process had resident at most."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit


def main() -> int:
    gigabytes = float(sys.argv[1]) if len(sys.argv) > 1 else 4.0
    with tempfile.TemporaryDirectory(prefix="nnc-streaming-") as name:
        rows = write(Path(name), gigabytes)
        words = [sys.executable, "-m", "nnc", "train", "-c", SPEC, "--data", name]
        begin = time.perf_counter()
        done = subprocess.run(words, check=False)
        seconds = time.perf_counter() - begin
    print(f"{rows} rows, {gigabytes:g} GB: {seconds:.0f} s, at most {peak() / 1e6:.0f} MB resident")
    return done.returncode or int(peak() > MOST)


if __name__ == "__main__":
    sys.exit(main())
