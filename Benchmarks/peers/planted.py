"""Folders of photographs with troubles planted among them, and the record of which is which.

    python models/photos/sources.py fetch WORK      photographs of Debian packages, once
    python Benchmarks/peers/planted.py WORK FOLDER [--images 1000] [--each 15] [--seed 1] [--gray]

FOLDER/images holds the images, FOLDER/truth.json a list of {file, trouble, of}: `trouble` is null for those left as they
are, `of` the file that a copy was made of. Windows of the photographs at 480x360 to 1600x1200, never enlarged, three of
ten upright, JPEG of quality 85 to 95. With --gray all are gray but those that the trouble `colour` is planted in.
Troubles come in strengths from what a person sees at second glance to what nobody misses. Needs numpy and Pillow.
"""

import argparse
import json
import pathlib
import shutil
import sys

import numpy as np
from PIL import Image, ImageFilter

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "models" / "photos"))
from sources import STAMPS, photographs  # noqa: E402

TROUBLES = ["dark", "bright", "blurry", "low information", "odd aspect", "odd size", "exact copy", "near copy", "gray",
            "transparent"]
# Looked at, and largely out of focus or empty: windows of them are in trouble that no one planted.
SOFT = {
    "Bridge", "Dragonfly", "free", "greentock", "seeding", "Kleiber", "Aqua", "FreshFlower", "LadyBird", "Storm", "TwoWings",
    "Wood", "sunset", "Autumn", "BytheWater", "DarkestHour", "FallenLeaf", "Kite", "summer_1am", "graffiti",
}
SIZES = [(480, 360), (640, 480), (800, 600), (1024, 768), (1280, 960), (1600, 1200), (900, 600), (1200, 800)]


def is_coloured(path):
    """Whether a photograph has colours: one that is gray already would be in a trouble that no one planted."""
    image = Image.open(path)
    image.draft("RGB", (64, 64))
    pixels = np.asarray(image.convert("RGB").resize((64, 64))).astype(int)
    return np.square(pixels.max(2) - pixels.min(2)).mean() > 6 ** 2


class Photographs:
    """Windows of photographs, in turn, each elsewhere and at another scale."""

    def __init__(self, work, random):
        Image.MAX_IMAGE_PIXELS = None
        self.paths = [path for name, path, _ in photographs(pathlib.Path(work))
                      if name.split("/")[1].split("_by_")[0] not in SOFT and is_coloured(path)]
        self.sizes = [Image.open(path).size for path in self.paths]
        self.random = random
        self.turn = 0
        self.kept = {}
        # By photograph: the windows so far.
        self.taken = {}

    def image(self, index):
        if index not in self.kept:
            if len(self.kept) >= 40:
                self.kept.pop(next(iter(self.kept)))
            self.kept[index] = Image.open(self.paths[index]).convert("RGB")
        return self.kept[index]

    def window(self, size=None):
        """An RGB window of the size, upright three times in ten where no size is given."""
        given = size
        for attempt in range(20000):
            if given is None:
                size = SIZES[self.random.integers(len(SIZES))]
                if self.random.random() < 0.3:
                    size = size[::-1]
            # A photograph gives some windows, then the next one: opening takes longest.
            index = self.turn // 8 % len(self.paths)
            self.turn += 1
            whole = self.sizes[index]
            most = min(whole[0] / size[0], whole[1] / size[1])
            if most < 1:
                continue
            scale = np.exp(self.random.uniform(np.log(max(1, most / 4)), np.log(most)))
            width, height = size[0] * scale, size[1] * scale
            x = self.random.uniform(0, whole[0] - width)
            y = self.random.uniform(0, whole[1] - height)
            box, is_turned = (x, y, x + width, y + height), self.random.random() < 0.5
            # Two windows of nearly the same are copies that no one planted.
            before = self.taken.setdefault(index, [])
            if any(shared(box, other) > 0.25 + attempt / 10000 for other in before):
                continue
            before.append(box)
            found = self.image(index).resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=3)
            return found.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if is_turned else found
        raise SystemExit(f"no photograph is as large as {size}")


def shared(a, b):
    """Area that two boxes share, of what they cover together."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    both = max(width, 0) * max(height, 0)
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def curve(image, function):
    return Image.fromarray(np.clip(function(np.asarray(image).astype(float) / 255) * 255 + 0.5, 0, 255).astype(np.uint8))


def dark(image, random):
    light, gamma = random.uniform(0.1, 0.4), random.uniform(1, 1.6)
    return curve(image, lambda x: light * x ** gamma)


def bright(image, random):
    light, gamma = random.uniform(0.1, 0.45), random.uniform(1, 1.6)
    return curve(image, lambda x: 1 - light * (1 - x) ** gamma)


def blurry(image, random):
    radius = max(image.size) * np.exp(random.uniform(np.log(0.003), np.log(0.02)))
    if random.random() < 0.7:
        return image.filter(ImageFilter.GaussianBlur(float(radius)))
    # Shaken: a mean along a line, three deviations of the other kind long.
    length, turn = 3.5 * radius, random.uniform(0, np.pi)
    x = np.asarray(image).astype(np.float32)
    steps = np.linspace(-length / 2, length / 2, int(length) + 2)
    total = sum(np.roll(x, (round(s * np.sin(turn)), round(s * np.cos(turn))), (0, 1)) for s in steps)
    return Image.fromarray((total / len(steps) + 0.5).astype(np.uint8))


def low_information(image, random):
    """Next to nothing to see: a covered lens, a plain ground, a gradient, an empty page, a sign of two colours."""
    width, height = image.size
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    first, second = random.uniform(0, 255, 3), random.uniform(0, 255, 3)
    kind = random.integers(5)
    if kind == 0:
        values = np.broadcast_to(first, (height, width, 3)) + random.normal(0, random.uniform(0, 4), (height, width, 1))
    elif kind == 1:
        values = np.broadcast_to(first, (height, width, 3))
    elif kind == 2:
        turn = random.uniform(0, 2 * np.pi)
        share = ((x - 0.5) * np.cos(turn) + (y - 0.4) * np.sin(turn) + 0.7)[..., None] / 1.4
        values = first * share + (first + (second - first) * 0.4) * (1 - share)
    elif kind == 3:
        values = np.full((height, width, 3), 245.0) + random.normal(0, 1.5, (height, width, 1))
        values[height // 3: height // 3 + 8, width // 4: width // 2] = 60
    else:
        inside = np.hypot(x - 0.5, y - 0.4) < random.uniform(0.1, 0.3)
        values = np.where(inside[..., None], first, second)
    return Image.fromarray(np.clip(values + 0.5, 0, 255).astype(np.uint8))


def odd_aspect(photos, random):
    ratio = random.uniform(3, 8)
    area = np.prod(SIZES[random.integers(len(SIZES) - 3)])
    long, short = int((area * ratio) ** 0.5), int((area / ratio) ** 0.5)
    return photos.window((long, short) if random.random() < 0.7 else (short, long))


def odd_size(photos, random):
    size = SIZES[random.integers(len(SIZES))]
    factor = random.uniform(0.07, 0.25) if random.random() < 0.7 else random.uniform(2.6, 4)
    if factor < 1:
        return photos.window((int(size[0] * factor), int(size[1] * factor)))
    return photos.window((1600, 1200)).resize((int(1600 * factor), int(1200 * factor)), Image.Resampling.BICUBIC)


def near_copy(image, random):
    kind = random.integers(4)
    if kind == 0:
        return image, {"quality": 40}
    if kind == 1:
        factor = random.uniform(0.5, 0.8)
        return image.resize((int(image.width * factor), int(image.height * factor)), Image.Resampling.LANCZOS), {}
    if kind == 2:
        change = random.uniform(0.85, 1.15)
        return curve(image, lambda x: x ** change), {}
    cut = random.uniform(0.005, 0.02)
    x, y = int(image.width * cut), int(image.height * cut)
    return image.crop((x, y, image.width - x, image.height - y)), {}


def stamp(work, random, paths=[]):
    """A thing with transparent surroundings, each once."""
    if not paths:
        package, folder, _ = STAMPS
        paths += [p for p in sorted((pathlib.Path(work) / "root" / package / folder).rglob("*.png"))
                  if not p.stem.endswith(("_mirror", "_flip")) and Image.open(p).mode == "RGBA"]
        random.shuffle(paths)
    image = Image.open(paths.pop()).convert("RGBA")
    size = SIZES[random.integers(len(SIZES) - 4)]
    canvas = Image.new("RGBA", size, (0, 0, 0, 0))
    scale = min(size[0] / image.width, size[1] / image.height) * random.uniform(0.7, 1)
    image = image.resize((max(int(image.width * scale), 1), max(int(image.height * scale), 1)), Image.Resampling.LANCZOS)
    canvas.paste(image, ((size[0] - image.width) // 2, (size[1] - image.height) // 2))
    return canvas


def make(work, folder, images, each, seed, gray):
    random = np.random.default_rng(seed)
    photos = Photographs(work, random)
    folder = pathlib.Path(folder)
    shutil.rmtree(folder / "images", ignore_errors=True)
    (folder / "images").mkdir(parents=True)
    troubles = [t for t in TROUBLES if not gray or t not in ("gray", "transparent")] + (["colour"] if gray else [])
    wanted = [None] * images + [t for t in troubles for _ in range(each)]
    numbers = random.permutation(len(wanted))
    ordinary = []
    truth = []
    for trouble, number in zip(wanted, numbers):
        name, of, options = f"{number:05}.jpg", None, {}
        if trouble == "odd aspect":
            image = odd_aspect(photos, random)
        elif trouble == "odd size":
            image = odd_size(photos, random)
        elif trouble in ("exact copy", "near copy"):
            of = ordinary[random.integers(len(ordinary))]
            ordinary.remove(of)
            image = Image.open(folder / "images" / of)
        elif trouble == "transparent":
            image, name = stamp(work, random), f"{number:05}.png"
        else:
            image = photos.window()
        change = {"dark": dark, "bright": bright, "blurry": blurry, "low information": low_information}.get(trouble)
        if change:
            image = change(image, random)
        if trouble == "near copy":
            image, options = near_copy(image, random)
        if trouble == "gray" or gray and trouble not in ("colour", "exact copy"):
            image = image.convert("L")
            # Half as many programs write it: as three equal colours.
            if trouble == "gray" and number % 2:
                image = image.convert("RGB")
        path = folder / "images" / name
        if trouble == "exact copy":
            shutil.copyfile(folder / "images" / of, path)
        elif name.endswith(".png"):
            image.save(path, compress_level=3)
        else:
            image.save(path, **{"quality": int(random.integers(85, 96)), **options})
        if trouble is None:
            ordinary.append(name)
        truth.append({"file": name, "trouble": trouble, "of": of})
    (folder / "truth.json").write_text(json.dumps(sorted(truth, key=lambda row: row["file"]), indent=0))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work")
    parser.add_argument("folder")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--each", type=int, default=15)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gray", action="store_true")
    chosen = parser.parse_args()
    make(chosen.work, chosen.folder, chosen.images, chosen.each, chosen.seed, chosen.gray)
