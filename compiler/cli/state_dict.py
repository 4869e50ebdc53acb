"""A PyTorch state_dict from a file: .pt (without pickled objects), .safetensors or .npz."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..contents import UnfitWeights
from .messages import fail
from .weight_arrays import Array, named_arrays

TORCH_FILES = (".pt", ".pth")
"""Files that only PyTorch reads."""


def read_state_dict(path: Path) -> dict[str, Array]:
    """Read a state_dict; exits with one line on an error."""
    from nnc.runtime.extras import installed

    try:
        if path.suffix.lower() not in TORCH_FILES:
            return named_arrays(path)
        if not installed("torch"):
            fail(f"{path}: reading it needs PyTorch: pip install torch; or save it as .safetensors")
        return _pickled(path)
    except UnfitWeights as error:
        fail(str(error))
    except OSError as error:
        fail(f"{path}: {error.strerror or error}")


def _pickled(path: Path) -> dict[str, Array]:
    """A state_dict by torch.load with weights_only, which runs nothing that the file says."""
    from importlib import import_module

    torch: Any = import_module("torch")  # nothing that is shipped requires it

    with open(path, "rb"):  # a missing file is an OSError with a reason
        pass
    why = f"{path}: no state_dict (save model.state_dict(), not the model)"
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:
        raise UnfitWeights(why) from None
    found = found.get("state_dict", found) if isinstance(found, dict) else found
    if not isinstance(found, dict) or not all(isinstance(v, torch.Tensor) for v in found.values()):
        raise UnfitWeights(why)
    return {
        str(name): tensor.float().numpy() if tensor.dtype == torch.bfloat16 else tensor.numpy()
        for name, tensor in found.items()
    }
