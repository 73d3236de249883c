from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import FIXTURES, QUICK

import surprisal

ODD = [
    b"Mu\xf1oz.png",
    b"line\nbreak.png",
    b"-rf.png",
    b"--model.png",
    b"-",
    b" .png",
    b"a#1.png",
    b"\xff\xfe",
    b"\xc3\xa9.png",
]


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Files of odd names in the working folder."""
    monkeypatch.chdir(tmp_path)
    for name in ODD:
        Path(os.fsdecode(name)).write_bytes((FIXTURES / "other" / "noise.png").read_bytes())
    return ODD


def test_names_are_bytes_whatever_they_hold(odd: list[bytes]) -> None:
    records = surprisal.scan(odd, **QUICK)
    assert {record.file for record in records} == set(odd)
    assert all(record.status == "scored" for record in records)
    texts = [os.fsdecode(name) for name in odd]
    assert surprisal.scan(texts, **QUICK) == records
    assert surprisal.scan(map(Path, texts), **QUICK) == records
    content = (FIXTURES / "other" / "noise.png").read_bytes()
    for record in records:
        with open(record, "rb") as file:
            assert file.read() == content


def test_a_record_goes_where_a_path_goes(odd: list[bytes]) -> None:
    records = surprisal.scan(odd, **QUICK)
    assert surprisal.scan(records.outliers, **QUICK) == records.outliers
    assert surprisal.scan(records[0], **QUICK) == records[:1]


def test_one_path_many_and_folders() -> None:
    folder = FIXTURES / "clothes"
    files = sorted(folder.iterdir())
    of_folder = surprisal.scan(str(folder), **QUICK)
    assert surprisal.scan(os.fsencode(folder), **QUICK) == of_folder
    assert {record.path for record in of_folder} == {str(file) for file in files}

    def lazily() -> Iterator[Path]:
        yield from files

    assert {(record.path, record.score) for record in surprisal.scan(lazily(), **QUICK)} == {
        (record.path, record.score) for record in of_folder
    }
    assert len(surprisal.scan(folder, limit=3, **QUICK)) == 3


def test_what_is_no_path_is_refused_before_any_work(processes: list[object]) -> None:
    names: list[surprisal.Path] = ["", "a\0b", b"\0"]
    for name in names:
        with pytest.raises(ValueError, match="no path"):
            surprisal.scan([name])
    with pytest.raises(TypeError):
        surprisal.scan(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        surprisal.scan([3])  # type: ignore[list-item]
    for name in ["format", "output", "quiet", "shard"]:
        with pytest.raises(TypeError, match=name):
            surprisal.scan("x", **{name: "html"})  # type: ignore[arg-type]
    assert processes == []


def test_values_that_look_like_options_stay_values(odd: list[bytes], population: Path) -> None:
    model = surprisal.fit(population / "good-images", output=b"--save")
    assert os.fsencode(model) in os.listdir(b".")
    assert len(surprisal.scan(odd[:1], model=model, fpr=0.1)) == 1
