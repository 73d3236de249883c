"""The photographs that the network `photos` is trained on: the record of where they come from.

    python sources.py fetch WORK             downloads the Debian packages below and unpacks them, installing nothing
    python sources.py pack WORK OUT.zip      picks the photographs and makes them small enough to travel
    python sources.py sheet OUT.zip PNG      shows all that was picked, to be looked at

Needs Debian's apt and dpkg, numpy and Pillow.

Kept is what a camera took and whose licence lets anyone pass on what is made of it. Left out, by the lists below, are
drawings, renderings and gradients (all of gnome-backgrounds, ukui-wallpapers and sway-backgrounds as of Debian 12, most
of plasma-workspace-wallpapers) and traffic signs, which the network is judged on. Of a picture in several sizes only
the largest is taken.

Why so packed: a photograph is wanted at every scale, from the grain of its own pixels to the whole of it in 32. The
whole of it, at most 1600 pixels long, serves all scales from there down; windows cut from the original serve the
grain. Copies at low JPEG quality stand for mild damage. Stamps are photographs of single things with transparent
surroundings: they are laid on other photographs in training, so that the network sees things before places.
"""

import argparse
import hashlib
import io
import json
import pathlib
import subprocess
import zipfile

import numpy as np
from PIL import Image

# Package, folder in it, licence (from its debian/copyright), the names taken (None: all but those refused).
PHOTOGRAPHS = [
    ("lomiri-wallpapers-16.04", "usr/share/backgrounds", "CC-BY-4.0, CC-BY-SA-4.0, CC0-1.0", None),
    ("lomiri-wallpapers-20.04", "usr/share/backgrounds", "CC-BY-SA-3.0", ["Kleiber"]),
    ("mate-backgrounds", "usr/share/backgrounds/mate/nature", "GPL-2+", None),
    ("palapeli-data", "usr/share/palapeli/collection", "GPL-2+", None),
    ("plasma-workspace-wallpapers", "usr/share/wallpapers", "GPL-2+", [
        "Autumn", "BytheWater", "ColdRipple", "ColorfulCups", "DarkestHour", "EveningGlow", "FallenLeaf", "Grey", "Kite",
        "OneStandsOut", "Path", "summer_1am"]),
    ("scratch", "usr/share/scratch/Media/Backgrounds", "CC-BY-SA-3.0", None),
]
STAMPS = ("tuxpaint-stamps-default", "usr/share/tuxpaint/stamps", "GPL-2")
# Looked at and found without a photograph.
EMPTY = ["gnome-backgrounds", "ukui-wallpapers", "lomiri-wallpapers", "sway-backgrounds"]

REFUSED = {
    "umang_by", "party-room", "room1", "room2", "room3", "spotlight-stage", "woods-and-bench", "school2",
    "basketball-court2", "brick-wall1", "chalkboard", "screenshot",
}
REFUSED_STAMPS = {"cartoon", "symbols", "clothes", "seasonal", "roadsigns", "flags", "people"}

LONGEST = 1600
WINDOW = 256
WINDOWS = 6
STAMP = 160


def held_out(name):
    """One in ten, by its name: never trained on."""
    return hashlib.sha256(name.encode()).digest()[0] < 26


def fetch(arguments):
    work = pathlib.Path(arguments.work).resolve()
    (work / "debs").mkdir(parents=True, exist_ok=True)
    packages = [package for package, *_ in PHOTOGRAPHS] + [STAMPS[0]]
    subprocess.run(["apt-get", "download", *packages], cwd=work / "debs", check=True)
    for file in (work / "debs").glob("*.deb"):
        subprocess.run(["dpkg", "-x", file, work / "root" / file.name.split("_")[0]], check=True)


def shares(size, target):
    """[target, size]: how much of each source position each target position averages, as AreaResampler.swift has it."""
    edges = np.arange(target + 1) * (size / target)
    low, high = edges[:-1, None], edges[1:, None]
    at = np.arange(size)[None]
    return (np.clip(np.minimum(high, at + 1) - np.maximum(low, at), 0, None) / (high - low)).astype(np.float32)


def reduced(pixels, longest):
    """Area average of [H, W, C] whose longer side is at most `longest`; the same when it already is."""
    height, width = pixels.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return pixels
    h, w = max(round(height * scale), 1), max(round(width * scale), 1)
    across = np.einsum("xw,hwc->hxc", shares(width, w), pixels.astype(np.float32), optimize=True)
    return np.einsum("yh,hxc->yxc", shares(height, h), across, optimize=True).round().clip(0, 255).astype(np.uint8)


def encoded(pixels, **options):
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, **options)
    return target.getvalue()


def photographs(work):
    """(name, path, licence), once a picture: the file of most bytes of its name's folder and stem."""
    for package, folder, licence, names in PHOTOGRAPHS:
        largest = {}
        for path in sorted((work / "root" / package / folder).rglob("*")):
            relative = path.relative_to(work / "root" / package / folder)
            name = relative.parts[0] if package.startswith("plasma") else path.stem
            if path.suffix.lower() not in (".jpg", ".png") or path.is_symlink():
                continue
            if any(part in path.stem for part in REFUSED) or names and not any(n in name for n in names):
                continue
            if name not in largest or path.stat().st_size > largest[name].stat().st_size:
                largest[name] = path
        for name, path in largest.items():
            yield f"{package}/{name}", path, licence


def pack(arguments):
    work = pathlib.Path(arguments.work)
    Image.MAX_IMAGE_PIXELS = None
    jpeg = {"format": "JPEG", "quality": 95, "subsampling": 0}
    record = []
    with zipfile.ZipFile(arguments.output, "w", zipfile.ZIP_STORED) as target:

        def add(name, kind, data, source, licence):
            file = f"{len(record):04}"
            target.writestr(file, data)
            record.append({"file": file, "name": name, "kind": kind, "source": source, "licence": licence,
                           "held_out": held_out(name)})

        for name, path, licence in photographs(work):
            whole = np.asarray(Image.open(path).convert("RGB"))
            small = reduced(whole, LONGEST)
            add(name, "whole", path.read_bytes() if small is whole and path.suffix == ".jpg" else encoded(small, **jpeg),
                path.name, licence)
            if small is not whole:
                random = np.random.default_rng(list(name.encode()))
                for _ in range(WINDOWS):
                    y, x = (random.integers(side - WINDOW + 1) for side in whole.shape[:2])
                    add(name, "window", encoded(whole[y:y + WINDOW, x:x + WINDOW], **jpeg), path.name, licence)
            add(name, "damaged", encoded(reduced(whole, 400), format="JPEG", quality=35), path.name, licence)
        package, folder, licence = STAMPS
        base = work / "root" / package / folder
        for path in sorted(base.rglob("*.png")):
            relative = path.relative_to(base)
            if REFUSED_STAMPS & set(relative.parts) or path.stem.endswith(("_mirror", "_flip")):
                continue
            pixels = np.asarray(Image.open(path).convert("RGBA")).astype(np.float32)
            pixels[..., :3] *= pixels[..., 3:] / 255
            rows, columns = (np.flatnonzero(pixels[..., 3].max(axis) > 8) for axis in (1, 0))
            if not len(rows):
                continue
            cut = reduced(pixels[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1].round().astype(np.uint8), STAMP)
            add(f"{package}/{relative.with_suffix('')}", "stamp", encoded(cut, format="PNG"), str(relative), licence)
        target.writestr("record.json", json.dumps(record, indent=1))
    by = {}
    for row in record:
        key = (row["name"].split("/")[0], row["licence"], row["kind"])
        by[key] = by.get(key, 0) + 1
    for (package, licence, kind), count in by.items():
        print(f"{package}: {count} {kind}, {licence}")
    print(f"{sum(row['held_out'] for row in record)} of {len(record)} held out")


def sheet(arguments):
    side, columns = 72, 24
    with zipfile.ZipFile(arguments.sources) as file:
        rows = [r for r in json.loads(file.read("record.json")) if r["kind"] in ("whole", "stamp")]
        target = Image.new("RGB", (columns * side, -(-len(rows) // columns) * side), (110, 110, 110))
        for index, row in enumerate(rows):
            image = Image.open(io.BytesIO(file.read(row["file"])))
            image.thumbnail((side - 2, side - 2))
            mask = image.getchannel("A") if image.mode == "RGBA" else None
            target.paste(image.convert("RGB"), (index % columns * side, index // columns * side), mask)
    target.save(arguments.output)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("fetch")
    one.add_argument("work")
    one.set_defaults(run=fetch)
    two = commands.add_parser("pack")
    two.add_argument("work")
    two.add_argument("output")
    two.set_defaults(run=pack)
    three = commands.add_parser("sheet")
    three.add_argument("sources")
    three.add_argument("output")
    three.set_defaults(run=sheet)
    chosen = parser.parse_args()
    chosen.run(chosen)
