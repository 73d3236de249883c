"""One run of the tool, from its start to its end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import FrameType, TracebackType
from typing import IO

from ._binary import binary
from ._given import Images, Option, Path, is_array, names, words, write_array
from .errors import error

# Larger files are refused unless the tool is told (docs/images.md); arrays in memory were let pass already.
_LARGEST_FILE = 256 << 20


class Run:
    """The tool at work, as a context: at its end the process has ended, whatever has happened in between.

    Args:
        command: the tool's.
        options: by name.
        images: what is given on standard input.
        feed: paths given there instead, each taken when the tool has room for it, on a thread of their own.
        arguments: of the command; None for `-` where something is given on standard input.
        keeps: whether it keeps something on disk when it is told to stop, and is given time for that.
        fine: exit codes that are no errors.

    Attributes:
        stdout: its standard output.
        returncode: known at the end.
        stderr: known at the end.

    Raises:
        SurprisalError: at the end.
    """

    #: Seconds that a checkpoint may take.
    _PATIENCE = 30.0

    def __init__(
        self,
        command: str,
        options: Mapping[str, Option],
        images: Images | None = None,
        *,
        feed: Path | Iterable[Path] | None = None,
        arguments: Sequence[Path] | None = None,
        keeps: bool = False,
        fine: Sequence[int] = (0,),
    ) -> None:
        self.returncode = 0
        self.stderr = ""
        self._command = command
        self._options = options
        self._images = images
        self._feed = feed
        given = images is not None or feed is not None
        self._arguments = arguments if arguments is not None else ["-"] if given else []
        self._keeps = keeps
        self._fine = fine
        self._failure: BaseException | None = None

    def __enter__(self) -> Run:
        # A file: a pipe that nobody reads would fill up.
        self._said = tempfile.TemporaryFile()
        try:
            with _standard_input(self._images, self._feed is not None) as (stdin, flags):
                # Options come last: what is asked for has the last word.
                line = [binary(), self._command, *flags, *words(self._options), *self._arguments]
                with _interrupts_held():
                    self._process = subprocess.Popen(line, stdin=stdin, stdout=subprocess.PIPE, stderr=self._said)
            assert self._process.stdout is not None  # a pipe was asked for
            self.stdout: IO[bytes] = self._process.stdout
            if self._feed is not None:
                threading.Thread(target=self._hand_over, args=[names(self._feed)], daemon=True).start()
        except BaseException:
            with self._said:
                if hasattr(self, "_process"):
                    # Its pipes with it.
                    with self._process:
                        self._stop()
            raise
        return self

    def lines(self) -> Iterator[bytes]:
        """Lines of standard output, whole ones: of a tool that was killed the last may be cut off."""
        return (line for line in self.stdout if line.endswith(b"\n"))

    def _hand_over(self, paths: Iterator[bytes]) -> None:
        """Hands paths over, each at once, as fast as the tool takes them."""
        stdin = self._process.stdin
        assert stdin is not None  # a pipe was asked for
        # A tool that has ended says itself why.
        with contextlib.suppress(BrokenPipeError), stdin:
            try:
                for path in paths:
                    stdin.write(path + b"\0")
                    stdin.flush()
            except BrokenPipeError:
                pass
            except BaseException as failure:
                self._failure = failure

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        with self._said, self.stdout:
            try:
                if kind is None:
                    self.stdout.read()
                    self._process.wait()
            finally:
                self._stop()
            self._said.seek(0)
            self.stderr = self._said.read().decode(errors="replace")
        self.returncode = self._process.returncode
        if kind is not None:
            return
        if self._failure is not None:
            raise self._failure
        if self.returncode not in self._fine:
            raise error(self.returncode, self.stderr)

    def _stop(self) -> None:
        """Ends it, if it has not ended."""
        if self._keeps and self._process.poll() is None:
            try:
                # Ctrl-C on a terminal reaches it too, and a second signal would end it at once.
                self._wait(0.5)
                if b"once more ends at once" not in os.pread(self._said.fileno(), 1 << 20, 0):
                    self._process.terminate()
                self._wait(self._PATIENCE)
            except KeyboardInterrupt:
                pass
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def _wait(self, seconds: float) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Has Ctrl-C wait for a moment: a process that was not known yet when it came would be left behind."""
    handler = signal.getsignal(signal.SIGINT)
    # In other threads it is never raised; who ignores it must hand that on.
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return
    came: list[FrameType | None] = []
    signal.signal(signal.SIGINT, lambda _, frame: came.append(frame))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
    if came:
        handler(signal.SIGINT, came[0])


@contextlib.contextmanager
def _standard_input(images: Images | None, feeds: bool) -> Iterator[tuple[int | IO[bytes], list[bytes]]]:
    """The tool's standard input, and what the tool is told of it."""
    if feeds:
        yield subprocess.PIPE, [b"-0"]
    elif images is None:
        yield subprocess.DEVNULL, []
    else:
        with tempfile.TemporaryFile() as file:
            if is_array(images):
                write_array(images, file)
                size = file.tell()
                flags = [b"--max-bytes=%d" % size] if size > _LARGEST_FILE else []
            else:
                file.writelines(name + b"\0" for name in names(images))
                flags = [b"-0"]
            file.seek(0)
            yield file, flags
