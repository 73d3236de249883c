"""What the tool says of images, as values."""

from __future__ import annotations

import base64
import dataclasses
import json
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

if TYPE_CHECKING:
    import pandas


@dataclasses.dataclass(frozen=True)
class Level:
    """One noise level of an image's profile.

    Attributes:
        sigma: the noise level; pixels span -1 to 1.
        bits_per_dim: its share of the bits.
        z: its error in standard deviations from the references' mean.
    """

    sigma: float
    bits_per_dim: float | None = None
    z: float | None = None


@dataclasses.dataclass(frozen=True)
class Record:
    r"""What the tool says of one image: the fields of its JSON Lines, None where it says nothing.

    Attributes:
        path: as given or found, bytes that are no UTF-8 as ``\xf1``; `file` is exact.
        status: ``scored`` or ``unreadable``.
        path_bytes: only where the path is no UTF-8: all its bytes.
        bits_per_dim: surprisal, an upper bound in expectation.
        standard_error: of the Monte-Carlo part of that.
        evaluations: network evaluations spent; 0 where the image was looked at once.
        statistic: the name of what `score` is.
        score: higher is odder.
        p_value: share of references, or of ordinary images among these, that are as odd.
        tail_p_value: by the fitted tail, where the score is beyond all references.
        relative_to: ``folder`` where images judged one another.
        outlier: whether the rule flags it.
        reason: what stands out, in words.
        profile: each noise level.
        tiles: how many the image was judged by, where the model looks at tiles.
        troubles: p-values by name (``dark``, ``blurry``, ...).
        named: the troubles that flag the image.
        copy_of: the first image that shows the same.
        nearest: of a flagged image the ordinary one that is most like it.
        known: ``trained`` or ``calibrated``: the model learned from this very image.
        content: with `gate` SHA-256 of the file, of an image from an array of its pixels.
        accepted: with `gate`, of an outlier: whether the baseline accepts it.
        width, height, format: of the file.
        warning: damage that ``lenient`` let pass.
        error: why the image is unreadable.
    """

    path: str
    status: str
    path_bytes: bytes | None = None
    bits_per_dim: float | None = None
    standard_error: float | None = None
    evaluations: int | None = None
    statistic: str | None = None
    score: float | None = None
    p_value: float | None = None
    tail_p_value: float | None = None
    relative_to: str | None = None
    outlier: bool | None = None
    reason: str | None = None
    profile: tuple[Level, ...] | None = None
    tiles: int | None = None
    troubles: Mapping[str, float | None] | None = dataclasses.field(default=None, hash=False)
    named: tuple[str, ...] | None = None
    copy_of: str | None = None
    nearest: str | None = None
    known: str | None = None
    content: str | None = None
    accepted: bool | None = None
    width: int | None = None
    height: int | None = None
    format: str | None = None
    warning: str | None = None
    error: str | None = None

    @property
    def file(self) -> bytes:
        """The path to the byte."""
        return self.path.encode() if self.path_bytes is None else self.path_bytes

    def __fspath__(self) -> str:
        # So that open(record) opens the file.
        return os.fsdecode(self.file)

    @property
    def index(self) -> int | None:
        """Where an image from an array, or an IDX file, stands there; None of all others."""
        digits = self.path.rpartition("#")[2]
        return int(digits) if self.format == "IDX" and digits.isdigit() else None

    @classmethod
    def from_json(cls, line: str | bytes) -> Record:
        """A line of ``surprisal scan --format jsonl``."""
        fields: dict[str, Any] = json.loads(line)
        if "path_bytes" in fields:
            fields["path_bytes"] = base64.b64decode(fields["path_bytes"])
        if "profile" in fields:
            fields["profile"] = tuple(
                Level(level["sigma"], level.get("bits_per_dim"), level.get("z")) for level in fields["profile"]
            )
        if "named" in fields:
            fields["named"] = tuple(fields["named"])
        # What a newer tool says more is passed over.
        return cls(**{name: value for name, value in fields.items() if name in _FIELDS})


_FIELDS = {field.name: field for field in dataclasses.fields(Record)}
_COLUMN_TYPES = {
    "outlier": "boolean", "accepted": "boolean", "evaluations": "Int64", "width": "Int64", "height": "Int64",
    "tiles": "Int64",
    **dict.fromkeys(["bits_per_dim", "standard_error", "score", "p_value", "tail_p_value"], "float64"),
}  # fmt: skip


class Records(list[Record]):
    """Records, most surprising first, unreadable images last.

    Attributes:
        notes: what the tool says of all together, in words: counts, and whether they belong as a whole.
    """

    def __init__(self, records: Iterable[Record] = (), notes: str = "") -> None:
        super().__init__(records)
        self.notes = notes

    @overload
    def __getitem__(self, place: SupportsIndex) -> Record: ...
    @overload
    def __getitem__(self, place: slice) -> Records: ...
    def __getitem__(self, place: SupportsIndex | slice) -> Record | Records:
        # A part of records is records: records[:10].to_pandas().
        return (
            Records(super().__getitem__(place), self.notes) if isinstance(place, slice) else super().__getitem__(place)
        )

    @property
    def outliers(self) -> Records:
        """Those that are flagged."""
        return Records((record for record in self if record.outlier), self.notes)

    @property
    def unreadable(self) -> Records:
        """Those that could not be read; `Record.error` says why."""
        return Records((record for record in self if record.error is not None), self.notes)

    def to_pandas(self) -> pandas.DataFrame:
        """A row a record, a column a field, in the order of `Record`'s.

        Raises:
            ImportError: where pandas is not installed.
        """
        try:
            import pandas
        except ImportError as missing:
            raise ImportError("to_pandas needs pandas: pip install pandas") from missing
        columns = {name: [getattr(record, name) for record in self] for name in _FIELDS}
        frame: pandas.DataFrame = pandas.DataFrame(columns, dtype=object).astype(_COLUMN_TYPES)
        return frame
