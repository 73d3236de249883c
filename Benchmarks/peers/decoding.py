"""Images a second, decoded and resampled to 64x64 RGB on one thread: ours, Pillow, OpenCV, libvips, in turn.

    python3 -m venv .build/peers && .build/peers/bin/pip install pillow numpy opencv-python-headless pyvips pyvips-binary
    .build/peers/bin/python Benchmarks/peers/decoding.py .build/release/bench

Pillow uses draft mode for JPEG and reducing_gap for PNG; OpenCV its reduced decoding for JPEG; libvips its thumbnail.
Files are made here from fixed noise with a natural spectrum (amplitude 1/f), 12 and 1 megapixels.
"""

import os

os.environ["VIPS_CONCURRENCY"] = "1"
os.environ["OMP_NUM_THREADS"] = "1"

import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import cv2
import numpy as np
import PIL
import pyvips
from PIL import Image

cv2.setNumThreads(1)


def picture(width, height, seed):
    random = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]) + 1 / width
    planes = []
    for _ in range(3):
        phase = np.exp(2j * np.pi * random.random(frequency.shape))
        plane = np.fft.irfft2(phase / frequency, (height, width))
        planes.append(np.clip(128 + 50 * plane / plane.std(), 0, 255))
    mixed = 0.75 * planes[0][..., None] + 0.25 * np.stack(planes, -1)
    return Image.fromarray(mixed.astype(np.uint8))


def with_pillow(path):
    with Image.open(path) as image:
        image.draft("RGB", (64, 64))
        return image.convert("RGB").resize((64, 64), Image.Resampling.BOX, reducing_gap=2.0)


def with_opencv(path):
    mode = cv2.IMREAD_REDUCED_COLOR_8 if path.endswith(".jpg") else cv2.IMREAD_COLOR
    return cv2.resize(cv2.imread(path, mode), (64, 64), interpolation=cv2.INTER_AREA)


def with_vips(path):
    return pyvips.Image.thumbnail(path, 64, height=64, size="force").numpy()


def seconds(function, files):
    start = time.perf_counter()
    for path in files:
        function(path)
    return time.perf_counter() - start


def ours(files):
    return float(subprocess.run([sys.argv[1], "load", *files], check=True, capture_output=True, text=True).stdout)


rounds = 5
with tempfile.TemporaryDirectory() as folder:
    sets = {}
    for name, width, height, extension, count in [
        ("12 MP JPEG", 4000, 3000, "jpg", 6), ("1 MP JPEG", 1152, 864, "jpg", 24), ("1 MP PNG", 1152, 864, "png", 12)
    ]:
        sets[name] = []
        for index in range(count):
            path = pathlib.Path(folder) / f"{width}-{index}.{extension}"
            picture(width, height, index).save(path, **({"quality": 88} if extension == "jpg" else {}))
            sets[name].append(str(path))
    print(f"Pillow {PIL.__version__}, OpenCV {cv2.__version__}, libvips {pyvips.version(0)}.{pyvips.version(1)}; "
          f"images/s on one thread, median of {rounds} rounds in turn")
    for name, files in sets.items():
        times = {"ours": [], "Pillow": [], "OpenCV": [], "libvips": []}
        for _ in range(rounds):
            times["ours"].append(ours(files))
            times["Pillow"].append(seconds(with_pillow, files))
            times["OpenCV"].append(seconds(with_opencv, files))
            times["libvips"].append(seconds(with_vips, files))
        rates = {key: len(files) / statistics.median(value) for key, value in times.items()}
        ratios = "  ".join(f"{rates['ours'] / rates[key]:.2f} x {key}" for key in list(rates)[1:])
        print(f"{name:<11}", "  ".join(f"{key} {rate:8.1f}" for key, rate in rates.items()), " ours is", ratios)
