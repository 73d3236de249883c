"""Records as they come."""

from __future__ import annotations

from collections.abc import Generator, Iterable

from ._given import Option, Path, further, is_array
from ._run import Run
from .records import Record


def stream(
    paths: Path | Iterable[Path],
    *,
    model: Path,
    fpr: float | None = None,
    statistic: str | None = None,
    evaluations: int | str | None = None,
    cache: bool = True,
    **options: Option,
) -> Generator[Record, None, None]:
    """Judges images as their paths come, and gives each record at once, in the order of the paths.

    For queues, watched folders and lists that never end: paths are taken from the iterable, on a thread of its own, as
    fast as records are, and memory does not grow. The tool ends with the generator, however that ends.

    >>> for record in surprisal.stream(["new-images/odd.png", "new-images"], model="mine.safetensors", fpr=0.05):
    ...     print(record.path, record.outlier)

    Args:
        paths: files and folders, one or any iterable of them; what it raises comes after the records before.
        model: a file or a name.
        fpr: false positive rate: the share of the population flagged.
        statistic: by which images are judged.
        evaluations: network evaluations an image, or ``auto``.
        cache: whether results are kept, and known again.
        options: of ``surprisal scan --follow``.

    Raises:
        SurprisalError: when the tool ends; wrong usage too is found with the first record.
    """
    if is_array(paths):
        raise TypeError("stream takes paths; scan takes arrays")
    asked: dict[str, Option] = {
        "model": model,
        "fpr": fpr,
        "statistic": statistic,
        "evaluations": evaluations,
        "no_cache": not cache,
    }
    with Run("scan", {"format": "jsonl", "follow": True, **asked, **further(options)}, feed=paths) as run:
        yield from map(Record.from_json, run.lines())
