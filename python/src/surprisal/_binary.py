"""The tool itself: the program in this package, or the one that SURPRISAL_BINARY names."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

_PACKAGED = Path(__file__).parent / "tool" / "bin" / "surprisal"


def binary() -> str:
    """Where the program lies.

    Raises:
        FileNotFoundError: where there is none.
    """
    named = os.environ.get("SURPRISAL_BINARY")
    path = Path(named) if named else _PACKAGED
    if not path.is_file():
        raise FileNotFoundError(f"no program at {path}: install the wheel, or set SURPRISAL_BINARY to one")
    return os.fspath(path)


def main() -> NoReturn:
    """The command `surprisal`: becomes the program."""
    path = binary()
    sys.stdout.flush()
    os.execv(path, [b"surprisal", *map(os.fsencode, sys.argv[1:])])
