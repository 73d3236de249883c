from __future__ import annotations

import base64
import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from conftest import FIXTURES, QUICK, command

import surprisal
from surprisal import Record, Records


def as_json(record: Record) -> dict[str, Any]:
    """What a record says, as the command would."""
    fields = {name: value for name, value in dataclasses.asdict(record).items() if value is not None}
    if record.path_bytes is not None:
        fields["path_bytes"] = base64.b64encode(record.path_bytes).decode()
    return json.loads(json.dumps(fields))  # type: ignore[no-any-return]


def without_nulls(value: Any) -> Any:
    return {name: each for name, each in value.items() if each is not None}


def same(records: list[Record], lines: list[dict[str, Any]]) -> None:
    assert len(lines) > 0
    assert [as_json(record) for record in records] == [without_nulls(line) for line in lines]


@pytest.mark.parametrize(
    "options", [{}, QUICK, {"model": "fashion-mnist", "evaluations": 4, "fdr": 0.1}], ids=["folder", "model", "fdr"]
)
def test_records_say_what_the_command_says_field_by_field(options: dict[str, Any]) -> None:
    words = [f"--{name}={value}" for name, value in options.items()]
    records = surprisal.scan(FIXTURES, **options)
    same(records, command("scan", FIXTURES, "--format=jsonl", *words))
    assert 0 < len(records.outliers) < len(records)
    assert len(records.unreadable) == 6
    assert all(record.error and record.status == "unreadable" for record in records.unreadable)
    assert "38 scored" in records.notes
    assert records[2:0:-1] == Records([records[2], records[1]])
    assert records[:2].notes == records.outliers.notes == records.notes


def test_fields_are_those_of_the_contract() -> None:
    text = (FIXTURES.parent / "docs" / "contract.md").read_text()
    table = text.split("| field | is |")[1].split("\n\n")[0]
    told = {name.strip("` ") for row in table.splitlines()[2:] for name in row.split("|")[1].split(",")}
    assert {field.name for field in dataclasses.fields(Record)} == told


def test_null_is_none_and_what_a_newer_tool_says_is_passed_over() -> None:
    line = '{"path":"a","status":"scored","standard_error":null,"profile":[{"sigma":1,"z":null,"new":1}],"new":{"a":1}}'
    record = Record.from_json(line)
    assert record.standard_error is None
    assert record.profile == (surprisal.Level(1, None, None),)
    assert record == Record.from_json(line.encode())
    assert hash(record) == hash(Record.from_json(line))
    assert Record.from_json('{"path":"a#3","status":"scored","format":"PNG"}').index is None
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.path = "b"  # type: ignore[misc]


def test_records_as_a_table() -> None:
    pandas = pytest.importorskip("pandas")
    records = surprisal.scan(FIXTURES)
    frame = records.to_pandas()
    assert list(frame.columns) == [field.name for field in dataclasses.fields(Record)]
    assert len(frame) == len(records)
    assert frame["outlier"].sum() == len(records.outliers)
    assert frame["outlier"].isna().sum() == len(records.unreadable)
    assert frame["p_value"].dropna().tolist() == [record.p_value for record in records if record.p_value is not None]
    assert frame.dtypes["score"] == "float64"
    assert frame.dtypes["width"] == "Int64"
    assert len(Records().to_pandas()) == 0
    assert records[:3].to_pandas().equals(frame[:3])
    assert isinstance(frame, pandas.DataFrame)


def test_a_gate_decides_by_values(tmp_path: Path) -> None:
    few: dict[str, Any] = {**QUICK, "fpr": 0.05}
    passed = surprisal.gate(FIXTURES / "clothes", **few, max_outliers="50%")
    assert passed
    assert passed.decision == "passed"
    assert 0 < len(passed.records) == len(passed.records.outliers) < 15
    assert all(record.content and len(record.content) == 64 for record in passed.records)

    report, accepted = tmp_path / "gate.xml", tmp_path / "accepted.txt"
    failed = surprisal.gate(FIXTURES / "other", **few, max_outliers=0, report=[report])
    assert not failed
    assert (failed.decision, len(failed.outliers)) == ("failed", len(failed.records.outliers))
    assert f"{len(failed.outliers)} new outliers of 10 images" in failed.reason
    assert report.read_text().startswith("<?xml")
    same(failed.records, command("gate", FIXTURES / "other", "--format=jsonl", "--max-outliers=0",
         *[f"--{name}={value}" for name, value in few.items()]))  # fmt: skip

    accepted.write_text("".join(f"{record.content}  {record.path}\n" for record in failed.outliers))
    again = surprisal.gate(FIXTURES / "other", **few, max_outliers=0, baseline=accepted)
    assert again
    assert len(again.records.outliers) == len(failed.outliers)
    assert len(again.outliers) == 0

    undecided = surprisal.gate(FIXTURES, **few)
    assert not undecided
    assert undecided.decision == "undecided"
    assert "6 of 44 images are unreadable" in undecided.reason
