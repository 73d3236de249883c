"""No process is left behind, however a call ends."""

from __future__ import annotations

import concurrent.futures
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import FIXTURES, QUICK
from test_errors import program

import surprisal


def test_an_iterator_that_is_closed_early_ends_the_tool(processes: list[subprocess.Popen[bytes]]) -> None:
    records = surprisal.stream([FIXTURES], **QUICK)
    next(records)
    records.close()
    assert len(processes) == 1
    # Waited for: no zombie.
    assert processes[0].returncode is not None


def test_an_error_of_the_caller_ends_the_tool(processes: list[subprocess.Popen[bytes]]) -> None:
    def of_few() -> None:
        for _ in surprisal.stream([FIXTURES], **QUICK):
            raise LookupError

    with pytest.raises(LookupError):
        of_few()
    assert processes[0].returncode is not None


def interrupted(script: str, fifo: Path, *, group: bool) -> tuple[str, str]:
    """Runs Python until a line comes through a pipe, and presses Ctrl-C; the line, and what Python said."""
    os.mkfifo(fifo)
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ,
        # What a shell runs in the background ignores it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    with open(fifo) as lines:
        line = lines.readline()
        if group:
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.send_signal(signal.SIGINT)
        lines.read()
    _, said = process.communicate()
    return line, said


@pytest.mark.parametrize("group", [False, True])
def test_an_interrupt_leaves_no_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: bool) -> None:
    fifo = tmp_path / "fifo"
    # It says which process it is, and goes on for good.
    monkeypatch.setenv("SURPRISAL_BINARY", program(tmp_path, f"echo $$ > '{fifo}'; exec tail -f /dev/null"))
    pid, said = interrupted("import surprisal; surprisal.scan('x')", fifo, group=group)
    assert "KeyboardInterrupt" in said
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)


@pytest.mark.parametrize("group", [False, True], ids=["Python alone", "terminal"])
def test_an_interrupted_training_keeps_its_checkpoint(tmp_path: Path, population: Path, group: bool) -> None:
    fifo, output = tmp_path / "fifo", tmp_path / "mine.safetensors"
    settings: dict[str, Any] = {
        "steps": 100000,
        "start": "none",
        "preset": "tiny",
        "size": 16,
        "batch": 4,
        "no_page": True,
    }
    settings.update(output=str(output), log=str(fifo))
    script = f"import surprisal; surprisal.train({str(population / 'good-images')!r}, **{settings!r})"
    line, said = interrupted(script, fifo, group=group)
    assert json.loads(line)["event"]
    assert "KeyboardInterrupt" in said
    assert not output.exists()
    assert Path(f"{output}.checkpoint").exists()


def test_training_writes_a_model(tmp_path: Path, population: Path) -> None:
    output = tmp_path / "mine.safetensors"
    quick: dict[str, Any] = {
        "start": "none",
        "preset": "tiny",
        "size": 16,
        "batch": 4,
        "evaluations": 4,
        "no_page": True,
    }
    model = surprisal.train(population / "good-images", output=output, steps=3, log=tmp_path / "log", **quick)
    assert model == surprisal.Model(str(output))
    facts = model.facts()
    assert (facts["steps"], facts["width"]) == (3, 16)
    events = [json.loads(line)["event"] for line in (tmp_path / "log").read_text().splitlines()]
    assert events[-1] == "done"


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C is heard, though a shell that runs things in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_while_the_tool_starts_leaves_no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    start: Callable[..., subprocess.Popen[bytes]] = subprocess.Popen

    def popen(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        process = start(*arguments, **options)
        started.append(process)
        # Before anyone but this function knows of it.
        signal.raise_signal(signal.SIGINT)
        return process

    monkeypatch.setattr(subprocess, "Popen", popen)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        surprisal.scan([FIXTURES], **QUICK)
    assert started[0].returncode is not None
    assert signal.getsignal(signal.SIGINT) is before


def test_threads_may_call_at_once() -> None:
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        found = list(threads.map(lambda name: surprisal.scan(FIXTURES / name, **QUICK), ["clothes", "other", "broken"]))
    assert [len(records) for records in found] == [28, 10, 6]
