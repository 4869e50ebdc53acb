"""Questions that an editor asks of a spec's text, answered in nnc's own terms.

`study` checks a text; every other file answers one question about a `Study`, by offsets into the
text. Nothing here knows of a protocol, of files or of open buffers: included specs come through
`load`, as in the driver. The language server, the notebook and a web page are thin layers above.
"""

from .study import Study, study

__all__ = ["Study", "study"]
