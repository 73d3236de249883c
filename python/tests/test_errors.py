from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from conftest import FIXTURES, QUICK

import surprisal


def test_wrong_usage() -> None:
    with pytest.raises(surprisal.UsageError, match="--fpr and --fdr exclude each other") as caught:
        surprisal.scan("x", fpr=0.1, fdr=0.1)
    assert caught.value.returncode == 64
    assert "Usage: surprisal scan" in caught.value.stderr
    with pytest.raises(ValueError, match=r"^Unknown option '--lenientt'"):
        surprisal.scan("x", lenientt=True)


def test_what_could_not_run_says_why() -> None:
    with pytest.raises(surprisal.CannotRun, match=r"^no model named nope: looked for [^\n]*$") as caught:
        surprisal.scan(FIXTURES, model="nope")
    assert caught.value.returncode == 1
    with pytest.raises(surprisal.CannotRun, match=r"^28 different images are too few") as caught:
        surprisal.scan(FIXTURES / "clothes")
    assert "next:" in caught.value.stderr
    with pytest.raises(surprisal.CannotRun, match="no images"):
        surprisal.scan([], **QUICK)
    assert surprisal.scan([], allow_empty=True, **QUICK) == []
    with pytest.raises(surprisal.CannotRun):
        surprisal.Model("nope").facts()
    with pytest.raises(surprisal.CannotRun):
        surprisal.fit(FIXTURES / "clothes", output="/nowhere/mine.safetensors")
    with pytest.raises(surprisal.CannotRun, match="neither a count nor a percentage"):
        surprisal.gate(FIXTURES, max_outliers="x", **QUICK)


def program(folder: Path, script: str) -> str:
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_other_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SURPRISAL_BINARY", program(tmp_path, "kill -9 $$"))
    with pytest.raises(surprisal.SurprisalError, match="signal 9") as caught:
        surprisal.scan("x")
    assert type(caught.value) is surprisal.SurprisalError
    assert caught.value.returncode == -9
    line = '{"path":"a","status":"unreadable","error":"no"}'
    script = f"""echo '{line}'; echo 'warning: interrupted after 1 images: (standard output)' >&2; exit 130"""
    monkeypatch.setenv("SURPRISAL_BINARY", program(tmp_path, script))
    with pytest.raises(surprisal.Interrupted, match=r"^interrupted after 1 images") as interrupted:
        surprisal.scan("x")
    assert [record.path for record in interrupted.value.records] == ["a"]
    monkeypatch.setenv("SURPRISAL_BINARY", str(tmp_path / "gone"))
    with pytest.raises(FileNotFoundError, match="SURPRISAL_BINARY"):
        surprisal.scan("x")


def test_errors_come_through_from_other_processes() -> None:
    error = surprisal.UsageError("no", 64, "said")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.returncode, again.stderr) == (surprisal.UsageError, "no", 64, "said")
