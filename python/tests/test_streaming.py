from __future__ import annotations

import queue
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import FIXTURES, QUICK

import surprisal

ONE = FIXTURES / "other" / "noise.png"


def test_records_are_those_of_a_scan_in_the_order_of_paths() -> None:
    folders = [FIXTURES / "clothes", FIXTURES / "other", FIXTURES / "broken"]
    scanned = surprisal.scan(folders, **QUICK)
    streamed = list(surprisal.stream(folders, **QUICK))
    assert sorted(streamed, key=lambda record: record.file) == sorted(scanned, key=lambda record: record.file)
    files = [record.file for record in scanned]
    assert [record.file for record in surprisal.stream(reversed(files), **QUICK)] == files[::-1]
    assert list(surprisal.stream(str(ONE), **QUICK)) == list(surprisal.stream([ONE], **QUICK))
    assert list(surprisal.stream([], **QUICK)) == []


def test_a_record_comes_before_the_next_path_is_there() -> None:
    paths: queue.Queue[Path | None] = queue.Queue()
    records = surprisal.stream(iter(paths.get, None), **QUICK)
    for name in ["clothes/00.png", "missing.png", "other/noise.png", "clothes/00.png"]:
        # The next one is sent only after this one's record: it would wait for good otherwise.
        paths.put(FIXTURES / name)
        record = next(records)
        assert record.path == str(FIXTURES / name)
        assert record.status == ("unreadable" if name == "missing.png" else "scored")
    paths.put(None)
    assert list(records) == []


def test_paths_are_taken_no_faster_than_records(processes: list[subprocess.Popen[bytes]]) -> None:
    taken = 0

    def without_end() -> Iterator[Path]:
        nonlocal taken
        while True:
            taken += 1
            yield ONE

    records = surprisal.stream(without_end(), **QUICK)
    for _ in range(50):
        assert next(records).outlier
    # What fits into a pipe, what is read at once, and a batch or two; and it comes this far at all.
    most = 2 * 65536 // len(bytes(ONE)) + 1000
    assert 50 <= taken < most
    records.close()
    assert processes[0].returncode is not None


def test_what_the_iterable_raises_comes_after_the_records_before() -> None:
    def failing() -> Iterator[Path]:
        yield ONE
        yield FIXTURES / "clothes"
        raise LookupError("no more")

    found: list[surprisal.Record] = []
    with pytest.raises(LookupError, match="no more"):
        found.extend(surprisal.stream(failing(), **QUICK))
    assert [record.file for record in found[:1]] == [bytes(ONE)]
    assert len(found) == 29
    found.clear()
    with pytest.raises(ValueError, match="no path"):
        found.extend(surprisal.stream([ONE, ""], **QUICK))
    assert [record.path for record in found] == [str(ONE)]


def test_an_iterable_that_waits_does_not_keep_a_closed_stream(processes: list[subprocess.Popen[bytes]]) -> None:
    waits, goes_on = threading.Event(), threading.Event()

    def waiting() -> Iterator[Path]:
        yield ONE
        waits.set()
        goes_on.wait()

    records = surprisal.stream(waiting(), **QUICK)
    next(records)
    waits.wait()
    records.close()
    assert processes[0].returncode is not None
    goes_on.set()


def test_errors_come_with_the_first_record() -> None:
    with pytest.raises(surprisal.CannotRun, match="no model named nope"):
        next(surprisal.stream([ONE] * 100000, model="nope"))
    with pytest.raises(surprisal.UsageError, match="fdr"):
        next(surprisal.stream([ONE], **QUICK, fdr=0.1))
    numpy = pytest.importorskip("numpy")
    with pytest.raises(TypeError, match="scan takes arrays"):
        next(surprisal.stream(numpy.zeros((1, 8, 8), "uint8"), **QUICK))
