"""How the arrays of a network are reached from its nn.Module: `self.dense1.W`, `self.t["1"].W`."""

from __future__ import annotations

TAKEN = frozenset(
    (
        *(
            "T_destination",
            "add_module",
            "apply",
            "bfloat16",
            "buffers",
            "call_super_init",
        ),
        *(
            "children",
            "compile",
            "cpu",
            "cuda",
            "double",
            "dump_patches",
            "eval",
            "extra_repr",
        ),
        *(
            "float",
            "forward",
            "get_buffer",
            "get_extra_state",
            "get_parameter",
            "get_submodule",
        ),
        *(
            "half",
            "ipu",
            "load_state_dict",
            "modules",
            "mtia",
            "named_buffers",
            "named_children",
        ),
        *(
            "named_modules",
            "named_parameters",
            "parameters",
            "register_backward_hook",
        ),
        *(
            "register_buffer",
            "register_forward_hook",
            "register_forward_pre_hook",
        ),
        *(
            "register_full_backward_hook",
            "register_full_backward_pre_hook",
        ),
        *(
            "register_load_state_dict_post_hook",
            "register_load_state_dict_pre_hook",
        ),
        *(
            "register_module",
            "register_parameter",
            "register_state_dict_post_hook",
        ),
        *(
            "register_state_dict_pre_hook",
            "requires_grad_",
            "set_extra_state",
            "set_submodule",
        ),
        *(
            "share_memory",
            "state_dict",
            "to",
            "to_empty",
            "train",
            "type",
            "xpu",
            "zero_grad",
        ),
        *(
            "like",
            "keep",
        ),
    )
)
"""Attributes of every nn.Module and of `Network`: a layer of that name is looked up in brackets."""


def reference(name: str) -> str:
    """Return the reference to a parameter or to a state array: `self.enc.dense1.W`."""
    *layers, last = name.split(".")
    return "".join(("self", *map(_member, layers), f".{last}"))


def _member(name: str) -> str:
    plain = name.isidentifier() and not name.startswith("_") and name not in TAKEN
    return f".{name}" if plain else f"[{name!r}]"
