"""The tool's commands as functions. What a function has no parameter for, it takes as the command's option by name."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import struct
from typing import TYPE_CHECKING, Any

from ._given import Images, Option, Path, further, is_array, names
from ._run import Run
from .errors import Interrupted
from .records import Record, Records

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray


@dataclasses.dataclass(frozen=True)
class Model:
    """A model file, or the name of a shipped model; wherever a path goes, it goes.

    >>> surprisal.Model("photos").facts()["width"]
    32
    """

    path: str

    def __fspath__(self) -> str:
        return self.path

    def facts(self) -> dict[str, Any]:
        """What the file holds: size, channels, parameters, calibrations, ..."""
        with Run("model", {"format": "json"}, arguments=["--", self.path]) as run:
            text = run.stdout.read()
        facts: dict[str, Any] = json.loads(text)
        return facts


def scan(
    paths: Images,
    *,
    model: Path | None = None,
    fpr: float | None = None,
    fdr: float | None = None,
    statistic: str | None = None,
    evaluations: int | str | None = None,
    limit: int | None = None,
    cache: bool = True,
    **options: Option,
) -> Records:
    """Scores every image and flags outliers, most surprising first.

    >>> for record in surprisal.scan("good-images", fdr=0.05).outliers:
    ...     print(record.path, record.p_value, record.reason)

    Args:
        paths: files, folders, one or many, or an array of bytes `[N, H, W]` or `[N, H, W, 3]`.
        model: a file or a name; without one the images judge one another.
        fpr: false positive rate: the share of the population flagged.
        fdr: false discovery rate: the share of the flagged that belong after all.
        statistic: by which images are judged.
        evaluations: network evaluations an image, or ``auto``.
        limit: stop after so many images.
        cache: whether results are kept, and known again.
        options: of ``surprisal scan``, such as ``lenient=True``, ``save="mine.safetensors"``, ``threads=2``.

    Raises:
        SurprisalError: `Interrupted` has the records of the images until then.
    """
    asked: dict[str, Option] = {
        "model": model,
        "fpr": fpr,
        "fdr": fdr,
        "statistic": statistic,
        "evaluations": evaluations,
        "limit": limit,
        "no_cache": not cache,
    }
    records = Records()
    try:
        with Run("scan", {"format": "jsonl", **asked, **further(options)}, paths) as run:
            records.extend(map(Record.from_json, run.lines()))
    except Interrupted as interruption:
        interruption.records = records
        raise
    records.notes = _notes(run.stderr)
    return records


def fit(
    paths: Images | None = None,
    *,
    output: Path,
    model: Path | None = None,
    size: int | str | None = None,
    channels: str | None = None,
    evaluations: int | str | None = None,
    **options: Option,
) -> Model:
    """Fits a network to images known to belong, in seconds.

    >>> model = surprisal.fit("good-images", output="mine.safetensors")
    >>> surprisal.scan("new-images", model=model)

    Args:
        paths: the images, as in `scan`; None with ``samples=N``, the model's own.
        output: the model file to write.
        model: whose network; ``photos`` without.
        size: ``N`` or ``"WxH"``; the images' own, or 32.
        channels: ``gray`` or ``rgb``.
        evaluations: network evaluations an image, 0 for one look, or ``auto``.
        options: of ``surprisal fit``.
    """
    asked: dict[str, Option] = {
        "output": output,
        "model": model,
        "size": size,
        "channels": channels,
        "evaluations": evaluations,
    }
    with Run("fit", {**asked, **further(options)}, paths, keeps=True):
        pass
    return Model(os.fsdecode(output))


def train(
    paths: Images | None = None,
    *,
    output: Path,
    start: Path | None = None,
    minutes: float | None = None,
    steps: int | None = None,
    size: int | str | None = None,
    channels: str | None = None,
    resume: Path | None = None,
    **options: Option,
) -> Model:
    """Trains a network on images, and fits it to those held out.

    On Ctrl-C a checkpoint is kept, ``OUTPUT.checkpoint``, from which ``resume`` goes on.

    >>> surprisal.train("good-images", output="mine.safetensors", minutes=30)

    Args:
        paths: the images, as in `scan`; None with `resume`.
        output: the model file to write; a page stands beside it unless ``no_page=True``.
        start: the model to start from, or ``none``; ``photos`` without.
        minutes: how long about.
        steps: how many steps instead.
        size: ``N`` or ``"WxH"``.
        channels: ``gray`` or ``rgb``.
        resume: a checkpoint to go on from.
        options: of ``surprisal train``.
    """
    asked: dict[str, Option] = {
        "output": output,
        "from": start,
        "minutes": minutes,
        "steps": steps,
        "size": size,
        "channels": channels,
        "resume": resume,
    }
    with Run("train", {**asked, **further(options)}, paths, keeps=True):
        pass
    return Model(os.fsdecode(output))


@dataclasses.dataclass(frozen=True)
class GateResult:
    """What a gate decided; true where it passed.

    Attributes:
        decision: ``passed``, ``failed`` or ``undecided``.
        reason: by how much, in words.
        records: of the outliers and of what is unreadable.
        notes: what else the tool says.
    """

    decision: str
    reason: str
    records: Records
    notes: str

    def __bool__(self) -> bool:
        return self.decision == "passed"

    @property
    def outliers(self) -> Records:
        """Those that the baseline does not accept."""
        return Records((record for record in self.records.outliers if not record.accepted), self.notes)


_DECISIONS = {0: "passed", 2: "failed", 3: "undecided"}


def gate(
    paths: Images,
    *,
    model: Path | None = None,
    policy: Path | None = None,
    fpr: float | None = None,
    fdr: float | None = None,
    statistic: str | None = None,
    evaluations: int | str | None = None,
    max_outliers: int | str | None = None,
    baseline: Path | None = None,
    cache: bool = True,
    **options: Option,
) -> GateResult:
    """Decides whether images may pass, by a policy.

    >>> result = surprisal.gate("new-images", model="mine.safetensors", fpr=0.05, max_outliers="50%")
    >>> assert result, result.reason

    Args:
        paths: the images, as in `scan`.
        model: a file or a name; the policy's without.
        policy: a file; ``.surprisal.yml`` where there is one.
        fpr: false positive rate; the policy's, or 0.01.
        fdr: false discovery rate instead.
        statistic: by which images are judged.
        evaluations: network evaluations an image, or ``auto``.
        max_outliers: ``N`` or ``"P%"`` beyond the baseline.
        baseline: a file of accepted outliers.
        cache: whether results are kept, and known again.
        options: of ``surprisal gate``, such as ``report=["gate.xml", "gate.html"]``.

    Returns:
        The decision, for the exit codes 0, 2 and 3; others are errors.
    """
    asked: dict[str, Option] = {
        "model": model,
        "policy": policy,
        "fpr": fpr,
        "fdr": fdr,
        "statistic": statistic,
        "evaluations": evaluations,
        "max_outliers": max_outliers,
        "baseline": baseline,
        "no_cache": not cache,
    }
    with Run("gate", {"format": "jsonl", **asked, **further(options)}, paths, fine=tuple(_DECISIONS)) as run:
        records = Records(map(Record.from_json, run.lines()))
    records.notes = _notes(run.stderr)
    decision = _DECISIONS[run.returncode]
    said = re.search(rf"^(?:warning: )?gate {decision}: (.*)$", run.stderr, re.MULTILINE)
    return GateResult(decision, said[1] if said else "", records, records.notes)


def sample(
    model: Path | None = None,
    n: int = 16,
    *,
    noise: float | None = None,
    steps: int | None = None,
    seed: int | None = None,
    **options: Option,
) -> NDArray[numpy.uint8]:
    """Draws images from a model's population.

    >>> surprisal.sample("fashion-mnist", 4, steps=18).shape
    (4, 28, 28)

    Args:
        model: a file or a name; ``photos`` without.
        n: how many.
        noise: s of the family: 0 the ODE, 1 the reverse SDE.
        steps: of the grid of noise levels.
        seed: of every random draw.
        options: of ``surprisal sample``.

    Returns:
        `[n, H, W]` gray or `[n, H, W, 3]` RGB.

    Raises:
        ImportError: where numpy is not installed.
    """
    try:
        import numpy
    except ImportError as missing:
        raise ImportError("sample gives an array of numpy's: pip install numpy") from missing
    asked: dict[str, Option] = {"model": model, "noise": noise, "steps": steps, "seed": seed}
    images: dict[str, Option] = {"format": "idx", "output": "-"}
    with Run("sample", {**images, **asked, **further(options)}, arguments=["-n", str(n)]) as run:
        drawn = run.stdout.read()
    rank = drawn[3]
    shape = struct.unpack_from(f">{rank}I", drawn, 4)
    # Writable, as other arrays are.
    return numpy.frombuffer(bytearray(drawn), dtype=numpy.uint8, offset=4 + 4 * rank).reshape(shape)


@dataclasses.dataclass(frozen=True)
class Separation:
    """How well a statistic separates a set of outliers from images that belong.

    Attributes:
        set: the outliers' name.
        statistic: by which.
        inliers, outliers: how many there were.
        auroc: area under the ROC curve.
        auroc_interval: its 95 % interval.
        aupr: area under precision over recall.
        fpr_at_95_tpr: false positive rate where 95 % of outliers are found.
    """

    set: str
    statistic: str
    inliers: int
    outliers: int
    auroc: float
    auroc_interval: tuple[float, float]
    aupr: float
    fpr_at_95_tpr: float


def evaluate(
    inliers: Images,
    outliers: Images,
    *,
    model: Path | None = None,
    evaluations: int | None = None,
    limit: int | None = None,
    **options: Option,
) -> list[Separation]:
    """Tells how well a model separates images that belong from images that do not, by each statistic.

    >>> max(surprisal.evaluate("good-images", "bad-images", model="mine.safetensors"), key=lambda found: found.auroc)

    Args:
        inliers: images that belong.
        outliers: images that do not: each folder and IDX file is a set of its own. One of both may be an array.
        model: a file or a name; ``photos`` without.
        evaluations: network evaluations an image.
        limit: images of each set.
        options: of ``surprisal evaluate``, such as ``masks="masks"``.
    """
    arrays = [images for images in (inliers, outliers) if is_array(images)]
    if len(arrays) == 2:
        raise TypeError("one of inliers and outliers may be an array: only one comes through standard input")
    asked: dict[str, Option] = {
        "inliers": _named(inliers),
        "outliers": _named(outliers),
        "model": model,
        "evaluations": evaluations,
        "limit": limit,
    }
    with Run("evaluate", {"format": "jsonl", **asked, **further(options)}, *arrays, arguments=[]) as run:
        lines = [json.loads(line) for line in run.lines()]
    return [Separation(**{**line, "auroc_interval": tuple(line["auroc_interval"])}) for line in lines]


def _named(images: Images) -> list[bytes]:
    """Images as arguments; an array as what comes from standard input."""
    if is_array(images):
        return [b"-"]
    return [b"./-" if name == b"-" else name for name in names(images)]


def _notes(stderr: str) -> str:
    """What was said of the run, without what a person may type next."""
    return re.split(r"^next: ", stderr, maxsplit=1, flags=re.MULTILINE)[0].strip()
