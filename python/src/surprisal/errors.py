"""What can go wrong, by the exit codes of the tool."""

from __future__ import annotations

import re

from .records import Records


class SurprisalError(Exception):
    """The tool has ended otherwise than it should.

    Attributes:
        returncode: its exit code; below 0 the signal that ended it.
        stderr: all that it said on standard error.
    """

    def __init__(self, message: str, returncode: int, stderr: str) -> None:
        super().__init__(message)
        self.returncode = returncode
        self.stderr = stderr

    def __reduce__(self) -> tuple[object, ...]:
        # With all of it, so that it comes through from another process.
        return type(self), (str(self), self.returncode, self.stderr)


class CannotRun(SurprisalError):
    """It could not run (1): no images, a damaged model, a full disk, too few references for the rate asked."""


class UsageError(SurprisalError, ValueError):
    """It was asked for what makes no sense (64)."""


class Interrupted(SurprisalError):
    """It was told to stop by a signal, and did (130).

    Attributes:
        records: of the images that were taken until then.
    """

    records: Records = Records()


_BY_CODE = {1: CannotRun, 64: UsageError, 130: Interrupted}


def error(returncode: int, stderr: str) -> SurprisalError:
    """What an exit code and the words with it come to."""
    return _BY_CODE.get(returncode, SurprisalError)(_sentence(returncode, stderr), returncode, stderr)


def _sentence(returncode: int, stderr: str) -> str:
    found: re.Match[str] | None = re.search(
        r"^Error: (.*?)\s*(?:^(?:Help|Usage|next): |\Z)", stderr, re.DOTALL | re.MULTILINE
    ) or re.search(r"^warning: (interrupted.*)$", stderr, re.MULTILINE)
    if found:
        return found[1]
    how = f"signal {-returncode}" if returncode < 0 else f"exit code {returncode}"
    said = stderr.strip().splitlines()
    return f"surprisal ended with {how}" + (f": {said[-1]}" if said else "")
