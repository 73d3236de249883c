"""Tells which images do not belong, and why: the program `surprisal` from Python.

>>> import surprisal
>>> for record in surprisal.scan("good-images").outliers:
...     print(record.path, record.reason)

Every function runs the program of this package and hands over what it says; docs/python.md has a section a task.
"""

from importlib.metadata import PackageNotFoundError as _NotInstalled
from importlib.metadata import version as _version

from ._given import Images, Option, Path
from .commands import GateResult, Model, Separation, evaluate, fit, gate, sample, scan, train
from .errors import CannotRun, Interrupted, SurprisalError, UsageError
from .records import Level, Record, Records
from .streaming import stream

__all__ = [
    "CannotRun",
    "GateResult",
    "Images",
    "Interrupted",
    "Level",
    "Model",
    "Option",
    "Path",
    "Record",
    "Records",
    "Separation",
    "SurprisalError",
    "UsageError",
    "evaluate",
    "fit",
    "gate",
    "sample",
    "scan",
    "stream",
    "train",
]

try:
    __version__ = _version("surprisal-images")
except _NotInstalled:  # the sources alone
    __version__ = "0"
