from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import FIXTURES, QUICK

import surprisal

numpy = pytest.importorskip("numpy")


@pytest.fixture(scope="module")
def images() -> Any:
    """The images of `new-images`, drawn anew."""
    return surprisal.sample("fashion-mnist", 12, steps=4, seed=3)


def by_index(records: list[surprisal.Record]) -> dict[int, Any]:
    found = {record.index: (record.score, record.p_value, record.bits_per_dim, record.outlier) for record in records}
    assert None not in found
    return found  # type: ignore[return-value]


def test_samples_are_those_of_the_command(images: Any) -> None:
    assert (images.shape, images.dtype) == ((12, 28, 28), numpy.uint8)
    again = surprisal.sample("fashion-mnist", 12, steps=4, seed=3)
    assert (again == images).all()
    assert not (surprisal.sample("fashion-mnist", 12, steps=4, seed=5) == images).all()
    again[0] = 0  # one's own
    assert surprisal.sample(n=1, steps=2).shape == (1, 32, 32, 3)


def test_arrays_score_as_the_same_images_in_png_files(images: Any, population: Path) -> None:
    of_files = surprisal.scan(population / "new-images", **QUICK)
    numbered = {int(Path(record).stem.rpartition("-")[2]): record for record in of_files}
    of_array = by_index(surprisal.scan(images, **QUICK))
    assert len(numbered) == 12
    for index, record in numbered.items():
        assert of_array[index] == (record.score, record.p_value, record.bits_per_dim, record.outlier)


def test_any_layout_in_memory_is_the_same_images(images: Any) -> None:
    expected = by_index(surprisal.scan(images, **QUICK))
    assert by_index(surprisal.scan(images[..., None], **QUICK)) == expected
    assert by_index(surprisal.scan(numpy.asfortranarray(images), **QUICK)) == expected
    wide = numpy.repeat(images, 2, axis=2)
    assert by_index(surprisal.scan(wide[:, :, ::2], **QUICK)) == expected
    # Gray as three channels is gray again.
    assert by_index(surprisal.scan(numpy.repeat(images[..., None], 3, axis=3), **QUICK)) == expected


def test_arrays_that_are_no_images_are_refused_with_what_is_one(processes: list[object]) -> None:
    for array, kind, words in [
        (numpy.zeros((2, 8, 8)), TypeError, "uint8"),
        (numpy.zeros((8, 8), "uint8"), ValueError, r"image\[None\]"),
        (numpy.zeros((2, 8, 8, 4), "uint8"), ValueError, r"\[N, H, W, 3\]"),
        (numpy.zeros((0, 8, 8), "uint8"), ValueError, "no pixels"),
    ]:
        with pytest.raises(kind, match=words):
            surprisal.scan(array)
    assert processes == []


def test_a_model_of_arrays_judges_arrays(images: Any, tmp_path: Path) -> None:
    known = surprisal.sample("fashion-mnist", 60, steps=4, seed=2)
    model = surprisal.fit(known, output=tmp_path / "mine.safetensors")
    assert model.facts()["width"] == 28
    noise = numpy.random.default_rng(1).integers(0, 256, (4, 28, 28), "uint8")
    records = surprisal.scan(numpy.concatenate([images, noise]), model=model, fpr=0.05)
    assert {record.index for record in records[:4]} == {12, 13, 14, 15}
    # By one another, without a model: a set of its own.
    together = surprisal.scan(numpy.concatenate([known, noise]))
    assert all(record.relative_to == "folder" for record in together)
    assert {record.index for record in together[:4]} == {60, 61, 62, 63}
    for inliers, outliers in [(images, FIXTURES / "other"), (str(FIXTURES / "clothes"), noise)]:
        found = surprisal.evaluate(inliers, outliers, model=model)
        assert {each.statistic for each in found} >= {"appearance"}
        assert all(0 <= each.auroc_interval[0] <= each.auroc <= each.auroc_interval[1] <= 1 for each in found)
    with pytest.raises(TypeError, match="one of"):
        surprisal.evaluate(images, noise)


def test_a_large_array_passes_the_limit_of_files() -> None:
    # More than 256 MiB in all, of images that are few.
    images = numpy.zeros((70, 2048, 2048), "uint8")
    (record,) = surprisal.scan(images, limit=1, **QUICK)
    assert (record.width, record.height, record.status) == (2048, 2048, "scored")
    (refused,) = surprisal.scan(images, limit=1, max_bytes=1 << 20, **QUICK)
    assert "more than the limit" in (refused.error or "")
