"""Remedies of shape faults that depend on earlier layers. Importing the package registers them.

Of several guides for one code the first with a remedy is used, in the order below: the probable
intention in a network of known form comes before what merely fits."""

# isort: off
from . import images, positions, shortcuts, skips, merging  # noqa: F401
from . import sharing, stages, axes, sizes  # noqa: F401
