"""An encoder brought by a user, from end to end: `fit --encoder` with the tiny one of the tests, then every command that judges by it.

    encoder.py SURPRISAL OPENVINO

OPENVINO is the folder of libopenvino_c.so. Images are drawn here: stripes of some frequency and phase with noise, and the same with a bright
square somewhere.
"""
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
REFERENCE = os.path.join(HERE, "..", "EncodersTests", "Reference")
SIDE = 64


def png(path, pixels):
    height, width = len(pixels), len(pixels[0])

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes(row) for row in pixels)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
                   + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def draw(folder, count, seed, masks=None, width=SIDE, height=SIDE):
    """Images, and where a square is put into each: its middle by name."""
    os.makedirs(folder)
    if masks:
        os.makedirs(masks)
    dice = random.Random(seed)
    places = {}
    for index in range(count):
        period, phase, tone = dice.uniform(7, 11), dice.uniform(0, 11), dice.uniform(100, 140)
        image = [[min(max(int(tone + 40 * (((x + y / 3 + phase) / period) % 1) + dice.gauss(0, 6)), 0), 255)
                  for x in range(width)] for y in range(height)]
        if masks:
            left, top = dice.randrange(4, width - 16), dice.randrange(4, height - 16)
            places[f"{index:03d}.png"] = (left + 6, top + 6)
            marked = [[0] * width for _ in range(height)]
            for y in range(top, top + 12):
                for x in range(left, left + 12):
                    image[y][x], marked[y][x] = 235, 255
            png(f"{masks}/{index:03d}.png", marked)
        png(f"{folder}/{index:03d}.png", image)
    return places


class Checks:
    def __init__(self, surprisal, openvino, work):
        self.surprisal, self.work = surprisal, work
        self.environment = dict(os.environ, SURPRISAL_OPENVINO=openvino, SURPRISAL_CACHE=f"{work}/cache",
                                SURPRISAL_MODELS=os.path.abspath(f"{HERE}/../../models"),
                                OMP_WAIT_POLICY="passive")

    def run(self, *arguments, code=0, **environment):
        done = subprocess.run([self.surprisal, *arguments], capture_output=True, text=True, cwd=self.work,
                              env=dict(self.environment, **environment))
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def scan(self, folder, *more, model="m.safetensors"):
        done = self.run("scan", folder, "--model", model, "--fpr", "0.05", "--format", "jsonl", *more)
        return [json.loads(line) for line in done.stdout.splitlines()]


def by_tiles(checks):
    """Images of three by two tiles, which the encoder sees one by one, and whole; the network does not look."""
    wide = {"width": 3 * SIDE, "height": 2 * SIDE}
    draw(f"{checks.work}/sheets", 40, 11, **wide)
    draw(f"{checks.work}/sound", 30, 12, **wide)
    places = draw(f"{checks.work}/spoiled", 12, 13, f"{checks.work}/marks", **wide)
    told = checks.run("fit", "--tiles", "sheets", "--encoder", "tiny.onnx", "--output", "t.safetensors").stderr
    # Half overlapping: 5 by 3 of each.
    assert "600 tiles of 40 images fit what the encoder sees" in told and "at one look" not in told, told
    facts = json.loads(checks.run("model", "t.safetensors", "--format", "json").stdout)
    assert facts["encoder"]["statistics"] == ["sight", "embedding", "places"] and not facts["calibrations"], facts
    assert facts["encoder"]["references"] == 40 and facts["statistic"] == "sight", facts
    sound, spoiled = (checks.scan(folder, model="t.safetensors") for folder in ("sound", "spoiled"))
    assert sum(record["outlier"] for record in sound) <= 6, "more of the population is flagged than the rate allows"
    assert all(record["outlier"] and record["tiles"] == 15 for record in spoiled), spoiled
    near = 0
    for record in spoiled:
        # Some pixel that is named is the square's: that of a place, or of the tile.
        named = [words.split(" of 192x128")[0].split(", ") for words in record["reason"].split("around ")[1:]]
        at = places[os.path.basename(record["path"])]
        near += any(max(abs(int(x) - at[0]), abs(int(y) - at[1])) <= 12 for x, y in named)
    assert near >= 10, f"{near} of 12 squares are where they are said to be"
    lines = checks.run("evaluate", "--model", "t.safetensors", "--inliers", "sound", "--outliers", "spoiled", "--masks",
                       "marks", "--format", "jsonl").stdout.splitlines()
    found = {line["statistic"]: line["auroc"] for line in map(json.loads, lines)}
    assert found["sight"] > 0.97 and found["places"] > 0.97 and found["pixels"] > 0.95, found
    shown = checks.run("explain", "spoiled/000.png", "--model", "t.safetensors", "--output", "t.png").stdout
    assert shown.startswith("15 tiles of 192x128") and "sight" in shown and os.path.exists(f"{checks.work}/t.png"), shown
    page = checks.run("scan", "spoiled", "--model", "t.safetensors", "--fpr", "0.05", "--format", "html").stdout
    assert page.count("data:image/jpeg") + page.count("data:image/png") >= 2 * 12, "maps are missing"
    checks.run("gate", "spoiled", "--model", "t.safetensors", "--fpr", "0.05", "--max-outliers", "15%", code=2)
    few = checks.run("gate", "spoiled", "--model", "t.safetensors", "--fpr", "0.01", code=3)
    again = "surprisal fit --tiles MORE-IMAGES --encoder"
    assert again in few.stdout + few.stderr, f"what is to be fitted again is of another kind: {few.stdout}{few.stderr}"
    for options in (["--statistic", "appearance"], ["--evaluations", "4"]):
        refused = checks.run("scan", "spoiled", "--model", "t.safetensors", *options, code=1)
        assert "judges by its encoder alone" in refused.stderr, refused.stderr
    missing = checks.run("explain", "spoiled/000.png", "--model", "t.safetensors", code=1, SURPRISAL_OPENVINO=checks.work)
    assert "pip install openvino" in missing.stderr, missing.stderr
    # Where evaluations are asked for the network looks too, and judges where the encoder is not there.
    checks.run("fit", "--tiles", "sheets", "--encoder", "tiny.onnx", "--evaluations", "0", "--output", "b.safetensors")
    assert all(record["statistic"] == "sight" for record in checks.scan("spoiled", model="b.safetensors"))
    looked = checks.run("explain", "spoiled/000.png", "--model", "b.safetensors", SURPRISAL_OPENVINO=checks.work)
    assert "appearance" in looked.stdout and "pip install openvino" in looked.stderr, looked


def main():
    surprisal, openvino = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    with tempfile.TemporaryDirectory() as work:
        checks = Checks(surprisal, openvino, work)
        made = f"{work}/tiny.onnx"
        subprocess.run([sys.executable, f"{REFERENCE}/tiny.py", made], check=True)
        with open(made, "rb") as a, open(f"{REFERENCE}/tiny.onnx", "rb") as b:
            assert a.read() == b.read(), "tiny.onnx is not what tiny.py makes"
        draw(f"{work}/known", 150, 1)
        draw(f"{work}/new", 60, 2)
        places = draw(f"{work}/odd", 30, 3, f"{work}/masks")
        with open(f"{work}/tiny.json", "w") as file:
            json.dump({"width": 64, "height": 64, "mean": [0.5], "deviation": [0.25]}, file)

        missing = checks.run("fit", "known", "--encoder", "tiny.onnx", "--output", "m.safetensors", code=1,
                             SURPRISAL_OPENVINO=work)
        assert "pip install openvino" in missing.stderr and not os.path.exists(f"{work}/m.safetensors")
        wrong = checks.run("fit", "known", "--encoder", "tiny.onnx", "--patches", "whole", "--output", "m.safetensors",
                           code=1)
        assert "says nothing of places" in wrong.stderr, wrong.stderr
        wrong = checks.run("fit", "known", "--encoder", "tiny.onnx", "--pooled", "x", "--output", "m.safetensors", code=1)
        assert "no output x: there are fine, coarse, whole; inside it first, second, means" in wrong.stderr, wrong.stderr
        # What the encoder does not give of itself is had by its name.
        checks.run("fit", "known", "--encoder", "tiny.onnx", "--patches", "first", "coarse", "--pooled", "means", "--output",
                   "m.safetensors")
        facts = json.loads(checks.run("model", "m.safetensors", "--format", "json").stdout)["encoder"]
        assert facts["patches"] == ["first", "coarse"] and facts["pooled"] == ["means"], facts
        inner = checks.scan("odd")
        assert sum(record["outlier"] for record in inner) >= 27, "squares are missed by what is inside"
        checks.run("fit", "known", "--encoder", "tiny.onnx", "--output", "m.safetensors")

        facts = json.loads(checks.run("model", "m.safetensors", "--format", "json").stdout)["encoder"]
        assert facts["width"] == 64 and facts["patches"] == ["fine", "coarse"], facts
        assert facts["statistics"] == ["sight", "embedding", "places", "patches"], facts
        assert facts["references"] > 100, facts

        new, odd = checks.scan("new"), checks.scan("odd")
        assert sum(record["outlier"] for record in new) <= 9, "more of the population is flagged than the rate allows"
        assert sum(record["outlier"] for record in odd) >= 27, "squares are missed"
        assert all(record["statistic"] == "sight" and record["evaluations"] == 0 for record in odd)
        # The place that is named is the square's.
        near = 0
        for record in odd:
            words = record["reason"]
            if "around " not in words:
                continue
            x, y = (int(word) for word in words.split("around ")[1].split(" of ")[0].split(", "))
            at = places[os.path.basename(record["path"])]
            near += max(abs(x - at[0]), abs(y - at[1])) <= 12
        assert near >= 27, f"{near} of 30 squares are where they are said to be"
        again = checks.scan("odd", "--threads", "1", "--no-cache")
        assert again == odd, "records depend on threads or the cache"
        for name in ("embedding", "places", "patches"):
            assert all(record["statistic"] == name for record in checks.scan("new", "--statistic", name))

        lines = checks.run("evaluate", "--model", "m.safetensors", "--inliers", "new", "--outliers", "odd", "--masks",
                           "masks", "--format", "jsonl").stdout.splitlines()
        found = {line["statistic"]: line["auroc"] for line in map(json.loads, lines)}
        assert found["patches"] > 0.97 and found["places"] > 0.97 and found["sight"] > 0.97 and found["pixels"] > 0.9, found

        page = checks.run("scan", "odd", "--model", "m.safetensors", "--fpr", "0.05", "--format", "html").stdout
        assert page.count("data:image/jpeg") + page.count("data:image/png") >= 2 * 27, "maps are missing"
        shown = checks.run("explain", "odd/000.png", "--model", "m.safetensors", "--output", "e.png").stdout
        assert "patches" in shown and "encoder:" in shown and os.path.exists(f"{work}/e.png"), shown
        checks.run("gate", "new", "--model", "m.safetensors", "--fpr", "0.05", "--max-outliers", "15%")
        checks.run("gate", "odd", "--model", "m.safetensors", "--fpr", "0.05", "--max-outliers", "15%", code=2)

        by_tiles(checks)

        # The encoder moves; another takes its place.
        os.rename(f"{work}/tiny.onnx", f"{work}/moved.onnx")
        gone = checks.run("scan", "odd", "--model", "m.safetensors", "--fpr", "0.05", "--no-cache", code=1)
        assert "say with --encoder" in gone.stderr, gone.stderr
        assert checks.scan("odd", "--encoder", "moved.onnx", "--no-cache") == odd
        shutil.copy(f"{work}/moved.onnx", f"{work}/other.onnx")
        with open(f"{work}/other.onnx", "ab") as file:
            file.write(b"\x12\x01x")  # Another producer's name: still a model, another file.
        other = checks.run("scan", "odd", "--model", "m.safetensors", "--encoder", "other.onnx", "--fpr", "0.05", code=1)
        assert "not the encoder that the model was fitted with" in other.stderr, other.stderr
        # The network of the model judges without.
        looked = checks.run("scan", "odd", "--model", "m.safetensors", "--statistic", "appearance", "--fpr", "0.05",
                            "--format", "jsonl", SURPRISAL_OPENVINO=work)
        assert all(json.loads(line)["statistic"] == "appearance" for line in looked.stdout.splitlines())
    print("an encoder of a user's: fitted, scanned, evaluated, gated, explained, by tiles too; refused where it is another")


if __name__ == "__main__":
    main()
