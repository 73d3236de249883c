"""What the documents show works as it stands there."""

from __future__ import annotations

import contextlib
import doctest
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import FIXTURES

import surprisal

ROOT = FIXTURES.parent
TRAIN = surprisal.train


@pytest.fixture(autouse=True)
def place(tmp_path: Path, population: Path, mine: surprisal.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with the names that documents use, where training is short."""
    for name in ["good-images", "new-images", "bad-images"]:
        shutil.copytree(population / name, tmp_path / name)
    for source, name in [("noise.png", "odd.png"), ("rings.jpg", "odd.jpg")]:
        shutil.copy(FIXTURES / "other" / source, tmp_path / "new-images" / name)
    shutil.copy(mine, tmp_path / "mine.safetensors")
    monkeypatch.chdir(tmp_path)

    def train(paths: Any, *, output: Any, minutes: float | None = None, **options: Any) -> surprisal.Model:
        short = {"start": "none", "preset": "tiny", "size": 16, "batch": 4, "evaluations": 4}
        return TRAIN(paths, output=output, steps=3, **{**short, **options})

    monkeypatch.setattr(surprisal, "train", train)


@pytest.mark.parametrize("name", ["docs/python.md", "python/README.md"])
def test_documents(name: str) -> None:
    numpy = pytest.importorskip("numpy")
    pytest.importorskip("pandas")
    array = numpy.random.default_rng(1).integers(0, 256, (4, 28, 28), "uint8")
    names: dict[str, Any] = {"array": array}
    blocks = re.findall(r"^```python\n(.*?)^```$", (ROOT / name).read_text(), re.DOTALL | re.MULTILINE)
    assert blocks
    for block in blocks:
        # As a gate that does not pass ends.
        with contextlib.suppress(SystemExit):
            exec(compile(block, name, "exec"), names)


def docstrings() -> Iterator[str]:
    yield surprisal.__doc__ or ""
    for each in [getattr(surprisal, name) for name in surprisal.__all__]:
        if ">>>" in (getattr(each, "__doc__", None) or ""):
            yield each.__doc__


def test_docstrings() -> None:
    pytest.importorskip("numpy")
    found = list(docstrings())
    assert len(found) >= 8
    for text in found:
        names: dict[str, Any] = {"surprisal": surprisal}
        for example in doctest.DocTestParser().get_examples(text):
            if example.want:
                assert repr(eval(example.source, names)) == example.want.strip()
            else:
                exec(example.source, names)
