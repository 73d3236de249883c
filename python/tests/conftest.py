"""What the tests share."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import surprisal
from surprisal._binary import binary

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
#: Few evaluations of a small model: quick, and as good for what is tested.
QUICK: dict[str, Any] = {"model": "fashion-mnist", "evaluations": 4, "fpr": 0.02}


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known from another run, and cores are shared."""
    monkeypatch.setenv("SURPRISAL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("OMP_WAIT_POLICY", "passive")


def command(*words: str | os.PathLike[str]) -> list[Any]:
    """Objects that the command itself writes."""
    done = subprocess.run([binary(), *words], check=False, capture_output=True, stdin=subprocess.DEVNULL)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that the module starts."""
    started: list[subprocess.Popen[bytes]] = []
    start: Callable[..., subprocess.Popen[bytes]] = subprocess.Popen

    def popen(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        started.append(start(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", popen)
    return started


@pytest.fixture(scope="session")
def population(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of PNG, by the shipped model's own samples: `good-images`, `new-images`, `bad-images`."""
    place = tmp_path_factory.mktemp("population")
    for seed, count, folder in [(2, 110, "good-images"), (3, 12, "new-images"), (4, 12, "bad-images")]:
        words = [
            "sample",
            "--model=fashion-mnist",
            "-n",
            str(count),
            "--steps=4",
            f"--seed={seed}",
            "-q",
            "--output",
            folder,
        ]
        subprocess.run([binary(), *words], check=True, cwd=place)
    for name in ["noise.png", "checkerboard.png"]:
        (place / "bad-images" / name).write_bytes((FIXTURES / "other" / name).read_bytes())
    return place


@pytest.fixture(scope="session")
def mine(population: Path) -> surprisal.Model:
    """A model fitted to `good-images`."""
    return surprisal.fit(population / "good-images", output=population / "mine.safetensors")
