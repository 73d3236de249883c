"""Drawn screws that lie anywhere on a table, sound ones and spoiled: what no two pictures have at the same place.

    screws.py FOLDER [--rolled]

writes 512x512 JPEGs: fit (300) and in (80) are sound; of thread (two teeth worn), flat (three worn on the other side), scratch (on the head) and front
(the tip gone) there are 40 each. With --rolled
threads begin anywhere, lengths differ by some hundredths, and the table is uneven in light with soft shadows. Needs numpy and pillow. The same
pictures each time.
"""
import argparse
import math
import os

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIDE = 512
# Drawn at twice the size.
FINE = 2 * SIDE


def screw(random, defect, rolled=False):
    picture = Image.new("L", (FINE, FINE), 0)
    draw = ImageDraw.Draw(picture)
    middle, length = FINE // 2, int(FINE * .62 * (1 + (random.uniform(-.02, .02) if rolled else 0)))
    left, right = middle - length // 2, middle + length // 2
    head, head_length = int(FINE * .065), int(FINE * .07)
    shaft, tip = int(FINE * .028), right - int(FINE * .05)
    tone = int(random.uniform(95, 120))
    draw.polygon(
        [(left, middle - head), (left + head_length, middle - head * .95), (left + head_length, middle + head * .95),
         (left, middle + head)], fill=tone + 25)
    draw.rectangle([left + head_length // 3, middle - head // 3, left + head_length, middle + head // 3], fill=tone - 20)
    for k in range(-shaft, shaft):
        draw.line([(left + head_length, middle + k), (tip, middle + k)], fill=int(tone + 30 * math.cos(k / shaft * 1.4)))
    draw.polygon([(tip, middle - shaft), (right, middle - 2), (right, middle + 2), (tip, middle + shaft)], fill=tone + 5)
    pitch, tooth = int(FINE * .022), int(shaft * .45)
    first = left + head_length + int(length * .3) + (int(random.uniform(0, pitch)) if rolled else 0)
    teeth = range(first, tip - pitch, pitch)
    worn = int(random.integers(2, len(teeth) - 4))
    for i, x in enumerate(teeth):
        above = tooth * .1 if defect == "thread" and worn <= i < worn + 2 else tooth
        below = tooth * .3 if defect == "flat" and worn <= i < worn + 3 else tooth
        draw.polygon(
            [(x, middle - shaft), (x + pitch * .35, middle - shaft - above), (x + pitch * .8, middle - shaft)],
            fill=tone + 10)
        draw.polygon(
            [(x + pitch * .2, middle + shaft), (x + pitch * .55, middle + shaft + below), (x + pitch, middle + shaft)],
            fill=tone + 5)
        draw.line(
            [(x + pitch * .35, middle - shaft - above), (x + pitch * .55, middle + shaft + below)], fill=tone - 45,
            width=max(int(pitch * .25), 2))
    if defect == "scratch":
        angle = random.uniform(-.6, .6)
        x, y = left + head_length * random.uniform(.3, .7), middle + random.uniform(-.5, .5) * head
        reach = head_length * .7
        draw.line(
            [(x + reach * (j / 6 - .5) * math.cos(angle) + random.normal(0, 2),
              y + reach * (j / 6 - .5) * math.sin(angle) + random.normal(0, 3)) for j in range(7)], fill=tone + 90, width=5)
    if defect == "front":
        draw.polygon(
            [(tip + int(FINE * .015), middle - shaft), (right + 3, middle - shaft), (right + 3, middle + shaft),
             (tip + int(FINE * .03), middle + shaft)], fill=0)
    table = random.uniform(195, 215)
    down, across = np.mgrid[0:FINE, 0:FINE] / FINE
    light = table + 8 * (across - .5) * random.normal() + 8 * (down - .5) * random.normal()
    pixels = np.where(np.array(picture) > 0, np.array(picture), light)
    if rolled:
        return on_a_table(random, picture, pixels, light)
    turned = Image.fromarray(pixels.clip(0, 255).astype("uint8")).rotate(
        random.uniform(0, 360), resample=Image.BICUBIC, fillcolor=int(table),
        translate=(int(random.normal() * FINE * .01), int(random.normal() * FINE * .01)))
    small = turned.filter(ImageFilter.GaussianBlur(1.2)).resize((SIDE, SIDE), Image.LANCZOS)
    noisy = np.array(small) + random.normal(0, 2, (SIDE, SIDE))
    return Image.fromarray(noisy.clip(0, 255).astype("uint8"))


def on_a_table(random, picture, pixels, light):
    """Turned, then lit from one side, so that light and shadow do not turn with it."""
    angle, move = random.uniform(0, 360), random.normal(size=2) * FINE * .03

    def turned(image):
        return image.rotate(angle, resample=Image.BICUBIC, translate=(int(move[0]), int(move[1])))

    mask = turned(Image.fromarray(((np.array(picture) > 0) * 255).astype("uint8")))
    thing = np.array(turned(Image.fromarray(pixels.clip(0, 255).astype("uint8")))).astype(float)
    down, across = np.mgrid[0:FINE, 0:FINE] / FINE - .5
    slope = random.normal(size=2) * 12
    table = light.mean() - random.uniform(20, 70) * (down**2 + across**2) + slope[0] * down + slope[1] * across
    shadow = mask.filter(ImageFilter.GaussianBlur(FINE * .012))
    shadow = np.roll(np.array(shadow), (int(FINE * .012), int(FINE * .008)), (0, 1)) / 255
    table = table * (1 - random.uniform(.1, .3) * shadow)
    share = np.array(mask) / 255
    lit = thing * (1 + .25 * random.normal() * down + .25 * random.normal() * across)
    both = Image.fromarray((share * lit + (1 - share) * table).clip(0, 255).astype("uint8"))
    small = both.filter(ImageFilter.GaussianBlur(random.uniform(1, 2))).resize((SIDE, SIDE), Image.LANCZOS)
    return Image.fromarray((np.array(small) + random.normal(0, 3, (SIDE, SIDE))).clip(0, 255).astype("uint8"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--rolled", action="store_true")
    given = parser.parse_args()
    folder = given.folder
    random = np.random.default_rng(7)
    for name, count in (("fit", 300), ("in", 80), ("thread", 40), ("flat", 40), ("scratch", 40), ("front", 40)):
        os.makedirs(f"{folder}/{name}", exist_ok=True)
        for index in range(count):
            screw(random, name, given.rolled).save(f"{folder}/{name}/{index:03}.jpg", quality=92)


if __name__ == "__main__":
    main()
