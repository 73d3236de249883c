"""Compares what `bench decode` made of images with what Pillow makes of them, after the same stated rules.

Rules: alpha over white; 16 bits scaled to the nearest of 8 (v * 255 / 65535); gamma and profiles ignored; EXIF
orientation applied; CMYK to RGB by c * k / 255.

    .build/release/bench decode FOLDER --output OUT > OUT/list.tsv
    python3 Benchmarks/peers/compare_pillow.py OUT/list.tsv
"""

import collections
import pathlib
import sys

import numpy as np
from PIL import Image, ImageFile, ImageOps

ImageFile.LOAD_TRUNCATED_IMAGES = False
Image.MAX_IMAGE_PIXELS = None


def over_white(a):
    alpha = a[..., -1:].astype(np.int64)
    flat = ((a[..., :-1] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
    return flat[..., 0] if flat.shape[2] == 1 else flat


def pillow(path):
    image = Image.open(path)
    image.load()
    image = ImageOps.exif_transpose(image)
    if image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    if image.mode in ("1",):
        image = image.convert("RGBA" if "transparency" in image.info else "L")
    if image.mode.startswith("I"):
        a = np.asarray(image).astype(np.int64)
        return ((a * 255 + 32767) // 65535).astype(np.uint8)
    if "transparency" in image.info and image.mode in ("L", "RGB"):
        image = image.convert("RGBA")
    a = np.asarray(image)
    if image.mode in ("LA", "RGBA"):
        return over_white(a)
    if image.mode == "CMYK":
        light = 255 - a.astype(np.int64)
        return ((light[..., :3] * light[..., 3:] + 127) // 255).astype(np.uint8)
    return a


def ours(path):
    raw = path.read_bytes()
    kind, size, _, rest = raw.split(b"\n", 3)
    w, h = map(int, size.split())
    return np.frombuffer(rest, np.uint8).reshape((h, w) if kind == b"P5" else (h, w, 3))


counts = collections.Counter()
listing = pathlib.Path(sys.argv[1])
for line in listing.read_text().splitlines():
    path, result = line.split("\t", 1)
    try:
        theirs, problem = pillow(path), None
    except Exception as error:  # whatever Pillow raises is its verdict
        theirs, problem = None, f"{type(error).__name__}: {error}"
    if result.startswith("!"):
        counts["both refuse" if theirs is None else "only we refuse"] += 1
        if theirs is not None:
            print(f"only we refuse    {path}: {result[1:]}")
        continue
    mine = ours(listing.parent / result)
    if theirs is None:
        counts["only Pillow refuses"] += 1
        print(f"only Pillow refuses {path}: {problem}")
        continue
    if mine.ndim == 2 and theirs.ndim == 3:
        mine = np.repeat(mine[..., None], 3, axis=2)
    if theirs.ndim == 2 and mine.ndim == 3:
        theirs = np.repeat(theirs[..., None], 3, axis=2)
    if mine.shape != theirs.shape:
        counts["different size"] += 1
        print(f"different size    {path}: ours {mine.shape}, Pillow {theirs.shape}")
        continue
    most = int(np.abs(mine.astype(int) - theirs.astype(int)).max())
    counts["equal" if most == 0 else "within 1" if most == 1 else "differ"] += 1
    if most > 1:
        print(f"differ by {most:<8} {path}")
print(dict(counts))
