"""The template view of a module: plain values, decided in advance and only written by templates."""

from __future__ import annotations

from dataclasses import dataclass

from ...program.statements import Statement
from .arrays import (
    ArrayView,
    BatchCount,
    ParamView,
    SizeView,
    StateView,
    bounds_of,
    places_of,
    shape_text,
    size_of,
)
from .function_views import (
    CacheView,
    ConstantView,
    JacobianView,
    KernelView,
    OptimizerView,
    SolveView,
    VjpView,
)
from .rates import ClipView, ScheduleView
from .stepping import StepView


@dataclass(frozen=True, slots=True)
class ModuleView:
    """All parts of a generated module.

    `fresh_state` pairs the scale and the running mean of layers whose training changes both.
    `weights` is the variable of the rows' weights, where the loss takes any; `carries` says that
    the module embeds trained weights, `started` that a recurrent layer begins with a named state, and
    `cells` that one of them begins with the cell of an lstm."""

    title: str
    file: str
    spec: str
    sha256: str
    version: str
    contract: int
    level: int
    dtype: str
    inputs: tuple[ArrayView, ...]
    outputs: tuple[ArrayView, ...]
    ragged_outputs: dict[str, int]
    targets: tuple[ArrayView, ...]
    weights: str
    losses: tuple[tuple[str, str], ...]
    params: tuple[ParamView, ...]
    frozen: tuple[str, ...]
    weight_arrays: tuple[str, ...]
    by_columns: tuple[str, ...]
    states: tuple[StateView, ...]
    fresh_state: tuple[tuple[str, str], ...]
    batch_counts: tuple[BatchCount, ...]
    sizes: tuple[SizeView, ...]
    constants: tuple[ConstantView, ...]
    train: dict[str, object]
    metrics: tuple[str, ...]
    random: bool
    forward: KernelView
    loss: KernelView | None
    backward: KernelView | None
    predict: KernelView
    shares: dict[str, str]
    shares_state: bool
    input_gradient: KernelView | None
    counts: KernelView | None
    per_example: KernelView | None
    step: StepView | None
    vjp: VjpView | None
    upstreams: tuple[tuple[str, str], ...]
    jacobian: JacobianView | None
    gradient_copies: tuple[tuple[str, str], ...]
    cache: CacheView
    optimizer: OptimizerView | None
    schedule: ScheduleView | None
    clip: ClipView | None
    solve: SolveView | None
    loss_text: str
    penalised: bool
    carries: bool = False
    started: bool = False
    cells: bool = False

    @property
    def language(self) -> str:
        """The implementation language, for the module's docstring."""
        return "plain NumPy"

    @property
    def ignored(self) -> dict[str, int]:
        """The class ids that count for nothing, by target."""
        return {a.name: a.ignore for a in self.targets if a.ignore is not None}

    @property
    def trained(self) -> str:
        """The constant with the names and shapes of gradients and of the optimizer's arrays."""
        return "TRAINED_SHAPES" if self.frozen else "PARAM_SHAPES"

    @property
    def num_trained(self) -> str:
        """The constant with the number of their entries."""
        return "NUM_TRAINED" if self.frozen else "NUM_PARAMS"

    @property
    def trained_only(self) -> str:
        """The argument of an array check that restricts it to gradients, as source."""
        return ", TRAINED_SHAPES" if self.frozen else ""

    @property
    def trained_part(self) -> str:
        """The slice of all parameters, in a flat array, that a step changes, as source."""
        return "[:NUM_TRAINED]" if self.frozen else ""

    @property
    def quiet(self) -> bool:
        """Whether the functions of a step silence NumPy's warnings."""
        return True

    @property
    def temporaries(self) -> int:
        """The number of flat temporary arrays of the optimizer step."""
        return self.optimizer.work if self.optimizer else 1

    @property
    def clips_alone(self) -> bool:
        """Whether clipping is a separate function."""
        return True

    @property
    def slots(self) -> tuple[str, ...]:
        """Suffixes of the optimizer's arrays."""
        return self.optimizer.slots if self.optimizer else ()

    @property
    def step_arrays(self) -> tuple[str, ...]:
        """Flat arrays that the optimizer step reads besides parameters and gradients."""
        return (*self.slots, "decay") if self.decay is not None else self.slots

    @property
    def decay(self) -> float | None:
        """The weight decay, where it is for weights only."""
        return self.optimizer.decay if self.optimizer else None

    @property
    def numbers(self) -> tuple[str, ...]:
        """Scalars of the optimizer other than the step count."""
        return tuple(self.optimizer.numbers) if self.optimizer else ()

    @staticmethod
    def specs(arrays: tuple[ArrayView, ...]) -> dict[str, tuple[str | int, ...]]:
        """Return names and shapes, as in the module's constants."""
        return {a.name: a.spec for a in arrays}

    @property
    def cache_items(self) -> str:
        """The values that -O0 keeps for loss and backward, as keyword arguments."""
        return ", ".join(f"{name}={name}" for name in self.cache.keeps)

    @property
    def inputs_text(self) -> str:
        """`x (B, 784)`."""
        return ", ".join(shape_text(a) for a in self.inputs)

    @property
    def outputs_text(self) -> str:
        """`y (B, 10)`."""
        return ", ".join(shape_text(a) for a in self.outputs)

    @property
    def params_text(self) -> str:
        """`W (784, 30), b (30,)`."""
        return ", ".join(f"{p.name} {p.shape}" for p in self.params)

    @property
    def states_text(self) -> str:
        """The same for the state, with initial values."""
        return ", ".join(f"{s.name} {s.shape} of {s.start:g}" for s in self.states)

    @property
    def target_args(self) -> list[tuple[str, str]]:
        """The kernel arguments for targets: variables and their types."""
        arrays = [(a.var, "Array") for a in self.targets]
        weights = [(a.weights, "Array") for a in self.balanced]
        weights += [(self.weights, "Array")] if self.weights else []
        weights += [(share, "float") for share in self.shares.values()]
        return arrays + weights + [(a.ids, "bool") for a in self.targets if a.ids]

    @property
    def target_types(self) -> str:
        """The targets as the last parameters of a function, as source; empty if there are none."""
        return "".join(f", {name}: {type}" for name, type in self.target_args)

    @property
    def target_vars(self) -> str:
        """The same as arguments of a call."""
        return "".join(f", {name}" for name, _ in self.target_args)

    @property
    def target_type(self) -> str:
        """The type of `target`; None where no loss compares with one."""
        return "Any" if self.targets else "None"

    @property
    def target_words(self) -> str:
        """The parameter `target` of functions in which it is the last without a default, as source."""
        return "target: Any" if self.targets else "target: None = None"

    @property
    def balanced(self) -> tuple[ArrayView, ...]:
        """The targets whose classes are weighted by frequency."""
        return tuple(a for a in self.targets if a.weights)

    @property
    def target_kinds(self) -> list[str]:
        """The distinct kinds of target."""
        return sorted({a.kind for a in self.targets})

    @property
    def ragged(self) -> tuple[ArrayView, ...]:
        """The inputs whose rows are padded."""
        return tuple(a for a in self.inputs if a.lengths)

    @property
    def ragged_alike(self) -> list[tuple[ArrayView, str]]:
        """The padded inputs, each with the first one before it of the same padded size, if any."""
        first: dict[str, str] = {}
        found = []
        for a in self.ragged:
            found.append((a, first.get(a.sizes[0], "")))
            first.setdefault(a.sizes[0], a.name)
        return found

    @property
    def ragged_targets(self) -> bool:
        """Whether a target has padded rows."""
        return any(a.lengths for a in self.targets)

    @property
    def one_wide_margins(self) -> bool:
        """Whether an output with a margin loss has width 1, so that it takes no ids."""
        return any(a.kind == "margins" and a.sizes[-1] == "1" for a in self.targets)

    @property
    def modal(self) -> bool:
        """Whether training and prediction compute differently."""
        return bool(self.random or self.states)

    @property
    def needs_two_rows(self) -> str:
        """A layer with one value per channel and row, so that a batch needs two rows; or empty."""
        return next((count.layer for count in self.batch_counts if count.of_rows), "")

    @property
    def inner_names(self) -> list[str]:
        """The arguments of the unchecked forward other than parameters, inputs and cache."""
        names = [a.lengths for a in self.ragged]
        names += ["state"] if self.states else []
        names += ["train"] if self.modal else []
        return names + (["rng"] if self.random else [])

    def keywords(
        self, *, train: bool = True, rng: bool = True, loss: bool = False, each: bool = False
    ) -> str:
        """Return the keyword parameters of the model's functions, as source; empty if none.

        `loss` adds those of functions with a target, without the rows' weights if `each` row is
        treated separately."""
        words = ["state: Params | None = None"] if self.states else []
        words += ["train: bool = False"] if self.modal and train else []
        words += ["rng: np.random.Generator | None = None"] if self.random and rng else []
        words += ["lengths: Any = None"] if self.ragged else []
        names = self.loss_words if loss else []
        left_out = ("weights", "shares") if each else ()
        words += [f"{n}: Any = None" for n in names if n not in left_out]
        return ", *, " + ", ".join(words) if words else ""

    def passed(self, *, train: str = "", rng: str = "rng", lengths: str = "lengths") -> str:
        """Return the same keywords as arguments of a call; empty if there are none."""
        words = ["state=state"] if self.states else []
        words += [f"train={train}"] if self.modal and train else []
        words += [f"rng={rng}"] if self.random and rng else []
        words += [f"lengths={lengths}"] if self.ragged else []
        return "".join(f", {word}" for word in words)

    @property
    def loss_words(self) -> list[str]:
        """The keyword arguments of the loss."""
        given = {"class_weights": self.balanced, "weights": self.weights, "shares": self.shares}
        return [name for name, used in given.items() if used]

    @property
    def row_words(self) -> str:
        """The keyword parameters of share_counts, about the rows of a batch, as source."""
        words = ["lengths"] * bool(self.ragged)
        words += [word for word in self.loss_words if word != "shares"]
        return ", *, " + ", ".join(f"{word}: Any = None" for word in words) if words else ""

    @property
    def row_counts(self) -> dict[str, str]:
        """What each loss divides by, as source: a number in `counts`, or the number of rows."""
        counts = dict(self.counts.results) if self.counts else {}
        return {n: counts.get(n, "B") for n in self.shares if n != "regularize"}

    @property
    def counts_dims(self) -> tuple[tuple[str, str], ...]:
        """The sizes that share_counts needs, read from the inputs."""
        own = dict(self.counts.dims) if self.counts else {}
        return tuple(
            (d, text) for d, text in self.cache.dims if d in own or d == "B" or self.targets
        )

    @property
    def loss_keywords(self) -> str:
        """The keyword parameters of functions that take a cache and a target."""
        words = [f"{word}: Any = None" for word in self.loss_words]
        return ", *, " + ", ".join(words) if words else ""

    @property
    def loss_passed(self) -> str:
        """The same as arguments of a call."""
        return self.loss_passing(weights="weights") + ", shares=shares" * bool(self.shares)

    def loss_passing(self, *, weights: str) -> str:
        """Return the same, with an expression for the rows' weights."""
        given = {"weights": weights}
        words = [word for word in self.loss_words if word != "shares"]
        return "".join(f", {word}={given.get(word, word)}" for word in words)

    @property
    def free_sizes(self) -> list[str]:
        """The plain symbols among the inputs' sizes, B first."""
        return ["B", *(s.name for s in self.sizes)]

    @property
    def bounded_sizes(self) -> list[tuple[str, str, str, int, int | None]]:
        """The sizes with bounds: input, symbol, expression, the least and the greatest value."""
        return bounds_of(self.sizes, self.inputs)

    @staticmethod
    def reads_size(array: ArrayView, axis: int) -> str:
        """Return the expression that reads a size of an input."""
        return size_of(array, axis)

    @property
    def shared_sizes(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The symbols that several inputs share, with the expressions that read them."""
        places = [(s, places_of(s, self.inputs, self.reads_size)) for s in self.free_sizes]
        return [(symbol, found) for symbol, found in places if len(found) > 1]

    @property
    def target_dims(self) -> tuple[tuple[str, str], ...]:
        """The sizes of targets, read from a cache called c."""
        used = {name for a in self.targets for name in a.symbols}
        used |= {"B"} if self.weights else set()
        return tuple((d, f"c.{d}") for d, _ in self.cache.dims if d in used)

    def halves(self, kernel: KernelView) -> tuple[tuple[Statement, ...], tuple[Statement, ...]]:
        """Return the statements before and after targets are taken; their lengths come first."""
        return kernel.split_behind({a.lengths for a in self.targets})

    @property
    def input_gradient_dims(self) -> tuple[tuple[str, str], ...]:
        """The sizes that input_gradient needs, read from the inputs."""
        own = dict(self.input_gradient.dims) if self.input_gradient else {}
        return tuple(
            (d, text) for d, text in self.cache.dims if d in own or d == "B" or self.targets
        )

    @property
    def per_example_dims(self) -> tuple[tuple[str, str], ...]:
        """The sizes that per_example_gradients needs, read from the inputs."""
        return self.cache.dims if self.per_example else ()

    @property
    def cache_differs(self) -> str:
        """The condition under which a cache was made for other sizes."""
        return " or ".join(f"cache.{d} != {d}" for d, _ in self.cache.dims)

    @property
    def single_input(self) -> bool:
        """Whether x is an array rather than a dict."""
        return len(self.inputs) == 1

    @property
    def single_output(self) -> bool:
        """Whether y is an array rather than a dict."""
        return len(self.outputs) == 1

    @property
    def single_target(self) -> bool:
        """Whether target is an array rather than a dict."""
        return len(self.targets) == 1
