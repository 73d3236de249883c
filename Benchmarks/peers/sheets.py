"""Large photographs with small defects, made of real ones: sheets of four by four squares of magnetic tiles, at their own resolution.

    sheets.py TILES FOLDER

TILES is the folder of normal, blowhole, crack and uneven (docs/detection.md). Writes gray PNG files of 768x768: fit (60) and in (40) of sound tiles alone;
blowhole, crack and uneven (40 each), in which one square of the sixteen is a defective tile's, cut so that something of what its mask
marks is inside, and masks of these. Of the sound tiles, in the order of the SHA-256 of their names, 500 are in fit and the others elsewhere. A
blowhole is some eleven pixels wide. Needs numpy and pillow. The same pictures each time.
"""
import argparse
import glob
import os

import numpy as np
from encoder import split
from PIL import Image

SQUARE, ACROSS = 192, 4


def read(path):
    return np.array(Image.open(path).convert("L"))


def cut(random, picture, around=None):
    """A square of the picture, anywhere, or anywhere with a pixel inside; and where it begins."""
    begins = []
    for axis, side in enumerate(picture.shape):
        low, high = 0, side - SQUARE
        if around is not None:
            low, high = max(0, around[axis] - SQUARE + 1), min(side - SQUARE, around[axis])
        begins.append(int(random.integers(low, high + 1)))
    top, left = begins
    return picture[top:top + SQUARE, left:left + SQUARE], (top, left)


def sheet(random, sound, defective=None):
    """A sheet, and what is marked in it."""
    side = SQUARE * ACROSS
    whole, marked = np.zeros((side, side), np.uint8), np.zeros((side, side), np.uint8)
    spoiled = int(random.integers(ACROSS * ACROSS)) if defective else None
    for place in range(ACROSS * ACROSS):
        y, x = place // ACROSS * SQUARE, place % ACROSS * SQUARE
        if place == spoiled:
            picture, mask = defective
            square, (top, left) = cut(random, picture, random.choice(np.argwhere(mask)))
            marked[y:y + SQUARE, x:x + SQUARE] = mask[top:top + SQUARE, left:left + SQUARE]
        else:
            square, _ = cut(random, sound[random.integers(len(sound))])
        whole[y:y + SQUARE, x:x + SQUARE] = square
    return whole, marked


def large(pictures):
    return [picture for picture in pictures if min(picture[0].shape) >= SQUARE]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tiles")
    parser.add_argument("folder")
    arguments = parser.parse_args()
    random = np.random.default_rng(20)
    names = [name for name in os.listdir(f"{arguments.tiles}/normal") if name.endswith(".jpg")]
    known, others = (
        [picture[0] for picture in large([(read(f"{arguments.tiles}/normal/{name}"),) for name in some])]
        for some in split(names, False))

    def write(folder, index, picture):
        os.makedirs(f"{arguments.folder}/{folder}", exist_ok=True)
        Image.fromarray(picture).save(f"{arguments.folder}/{folder}/{index:03d}.png")

    for folder, sound, count in (("fit", known, 60), ("in", others, 40)):
        for index in range(count):
            write(folder, index, sheet(random, sound)[0])
    for kind in ("blowhole", "crack", "uneven"):
        files = sorted(glob.glob(f"{arguments.tiles}/{kind}/*.jpg"))
        marked = [(read(file), (read(file[:-4] + ".png") > 0).astype(np.uint8) * 255) for file in files]
        defective = [both for both in large(marked) if both[1].any()]
        for index, place in enumerate(random.choice(len(defective), 40, replace=False)):
            whole, marked = sheet(random, others, defective[place])
            write(kind, index, whole)
            write(f"masks-{kind}", index, marked)


if __name__ == "__main__":
    main()
