"""Open sets of named things: each entered by its own file, none twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar


class Named(Protocol):
    """What can be entered: a name, and other names users type for it."""

    @property
    def name(self) -> str:
        """The name the reference lists it by."""

    @property
    def aliases(self) -> tuple[str, ...]:
        """Names from elsewhere that mean it, too."""


K = TypeVar("K", bound=Named)
Rule = TypeVar("Rule", bound=Callable[..., Any])


def rules_for(rules: dict[str, Rule], what: str) -> Callable[..., Callable[[Rule], Rule]]:
    """Return a decorator that enters a function as the rule of the given names, none twice."""

    def of(*names: str) -> Callable[[Rule], Rule]:
        def enter(rule: Rule) -> Rule:
            for name in names:
                if name in rules:
                    raise ValueError(f"{what} has two rules: {name}")
                rules[name] = rule
            return rule

        return enter

    return of


class Registry(dict[str, K]):
    """Kinds by their own names, filled by the files that define them."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self.what = what
        self.own: Callable[[str], K] | None = None

    def enter(self, kind: K) -> K:
        """Add a kind; two of one name or alias are refused with ValueError."""
        taken = {name for known in self.values() for name in (known.name, *known.aliases)}
        clash = taken & {kind.name, *kind.aliases}
        if clash:
            raise ValueError(f"{self.what} registered twice: {', '.join(sorted(clash))}")
        self[kind.name] = kind
        return kind

    def __missing__(self, name: str) -> K:
        """What a spec defines itself; the names of kinds in the registry hold no such mark."""
        if self.own is None or " fn" not in name:
            raise KeyError(name)
        return self.own(name)

    def aliases(self) -> Mapping[str, str]:
        """Other names users type, each with the kind it stands for."""
        return {alias: kind.name for kind in self.values() for alias in kind.aliases}
