"""A folder of one's own, from nothing to a report: `surprisal scan FOLDER` beside cleanvision and a pretrained network.

    python3 -m venv .build/peers
    .build/peers/bin/pip install numpy pillow cleanvision
    .build/peers/bin/pip install torch    # speed only
    .build/peers/bin/python models/photos/sources.py fetch WORK       photographs of Debian packages, some 260 MB, once
    .build/peers/bin/python Benchmarks/peers/folder.py troubles WORK SURPRISAL     planted troubles, found by both
    .build/peers/bin/python Benchmarks/peers/folder.py speed WORK SURPRISAL BENCH [--large 1000] [--small 10000]

`make bench BENCH=folder` does all of it. WORK takes the photographs and the folders made of them; the large ones are
removed again. SURPRISAL and BENCH are the executables of those names; BENCH in the place of SURPRISAL judges by measures
alone (`bench troubles`).

troubles: `planted.py` makes the folder. For each trouble, both rank all images; printed are AUROC and the recall at as many
false alarms as cleanvision makes, of images that were left as they are, and at 1 % of them. What cleanvision flags is what it
flags by its own thresholds. Copies are judged as flags alone.

speed: seconds from a folder to a report, all in one run and in turn, each a process of its own. ResNet-18 has random weights,
which cost as much as any; it is given JPEG at reduced size, too.
"""

import argparse
import contextlib
import importlib.util
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

# What the records of `surprisal scan --format jsonl` call things.
FILE, TROUBLES, NAMED, COPY = "path", "troubles", "named", "copy_of"

# Our names, and cleanvision's.
NAMES = {
    "dark": "dark", "bright": "light", "blurry": "blurry", "low information": "low_information",
    "odd aspect": "odd_aspect_ratio", "odd size": "odd_size", "exact copy": "exact_duplicates",
    "near copy": "near_duplicates", "gray": "grayscale", "transparent": None, "colour": None,
}
COPIES = ("exact copy", "near copy")

# -- both tools --


def cleanvision(folder, jobs=None):
    """{file: {trouble: (badness, flag)}}; its scores are 0 for bad and 1 for good."""
    from cleanvision import Imagelab

    # Its progress is no part of the report.
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere), contextlib.redirect_stdout(nowhere):
        lab = Imagelab(data_path=str(folder))
        lab.find_issues(n_jobs=jobs, verbose=False)
    found = {}
    for path, row in lab.issues.iterrows():
        name = pathlib.Path(path).name
        found[name] = {ours: (1 - float(row.get(f"{theirs}_score", 1 - row[f"is_{theirs}_issue"])),
                              bool(row[f"is_{theirs}_issue"]))
                       for ours, theirs in NAMES.items() if theirs}
    return found


def scan(surprisal, folder):
    """The command that judges a folder without a model."""
    if pathlib.Path(surprisal).name == "bench":
        return [surprisal, "troubles", folder]
    return [surprisal, "scan", folder, "--no-cache", "--format", "jsonl"]


def records(surprisal, folder):
    return [json.loads(line) for line in timed(scan(surprisal, folder))[1].stdout.splitlines() if line.startswith("{")]


def ours(rows):
    """{file: {trouble: (badness, flag)}} of the records of a scan. Of copies both are flagged, as cleanvision does."""
    copied = {name for row in rows if COPY in row for name in (row[FILE], row[COPY])}
    found = {}
    for row in rows:
        # Logarithms: p-values of what is far out lie far below each other.
        troubles = {name: (-np.log(max(p, 1e-300)), name in row[NAMED])
                    for name, p in row.get(TROUBLES, {}).items()}
        for name in COPIES:
            troubles[name] = (float(row[FILE] in copied), row[FILE] in copied)
        found[pathlib.Path(row[FILE]).name] = troubles
    return found


# -- how well --


def auroc(inliers, outliers):
    both = np.concatenate([inliers, outliers])
    _, inverse, counts = np.unique(both, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    n, m = len(inliers), len(outliers)
    return (ranks[n:].sum() - m * (m + 1) / 2) / (n * m)


def recall(inliers, outliers, alarms):
    """Share of the outliers above all but so many inliers; of those that tie with the last, what falls to each."""
    if alarms >= len(inliers):
        return 1.0
    threshold = np.sort(inliers)[::-1][alarms]
    above, at = np.mean(outliers > threshold), np.mean(outliers == threshold)
    left, ties = alarms - np.sum(inliers > threshold), np.sum(inliers == threshold)
    return above + at * left / ties


def table(truth, tools):
    """Prints a line a trouble: how both rank it, and what each flags."""
    clean = [row["file"] for row in truth if row["trouble"] is None]
    # A copy's original is as much a copy.
    originals = {row["of"] for row in truth if row["of"]}
    alone = [name for name in clean if name not in originals]
    print(f"{'':16}" + "".join(f"| {name:^47}" for name in tools))
    print(f"{'':16}" + "| AUROC   recall at 1 %   flags: found, false    " * len(tools)
          + "| recall at cleanvision's false alarms")
    for trouble in dict.fromkeys(row["trouble"] for row in truth if row["trouble"]):
        planted = [row["file"] for row in truth if row["trouble"] == trouble]
        others = alone if trouble in COPIES else clean
        cells, equal = [], []
        alarms = None
        if "cleanvision" in tools and NAMES.get(trouble):
            alarms = sum(tools["cleanvision"][name][trouble][1] for name in others)
        for name, found in tools.items():
            if not any(trouble in troubles for troubles in found.values()):
                cells.append(f"| {'-':^47}")
                continue
            good, bad = (np.array([found[file].get(trouble, (0, False)) for file in files]).T for files in (others, planted))
            ranked = f"{auroc(good[0], bad[0]):.3f}   {recall(good[0], bad[0], len(others) // 100):10.2f}" \
                if trouble not in COPIES else f"{'':18}"
            cells.append(f"| {ranked}      {int(bad[1].sum()):3} of {len(bad[1])}, {int(good[1].sum()):4}        ")
            if alarms is not None and trouble not in COPIES:
                equal.append(f"{name} {recall(good[0], bad[0], alarms):.2f}")
        print(f"{trouble:16}" + "".join(cells) + f"| {alarms if alarms is not None else '':>4} {', '.join(equal)}")


def troubles(arguments):
    import planted

    tools = dict.fromkeys(arguments.tools)
    for gray in (False, True):
        folder = pathlib.Path(arguments.work) / ("troubles-gray" if gray else "troubles")
        if not (folder / "truth.json").exists():
            planted.make(arguments.work, folder, arguments.images, arguments.each, arguments.seed, gray)
        truth = json.loads((folder / "truth.json").read_text())
        print(f"\n{len(truth)} images, {'gray' if gray else 'in colours'}; {arguments.each} of each trouble")
        for name in tools:
            start = time.perf_counter()
            if name == "cleanvision":
                tools[name] = cleanvision(folder / "images")
            else:
                tools[name] = ours(records(arguments.surprisal, folder / "images"))
            print(f"{name}: {time.perf_counter() - start:.1f} s")
        table(truth, tools)


# -- how fast --


def photographs_of(work, folder, count, size, seed):
    """Distinct JPEG of one size and quality 90 in a folder: windows of photographs, enlarged where they are smaller, turned
    over half of the time, each with its own tone and a little noise, so that none is another's copy."""
    import planted
    from PIL import Image

    random = np.random.default_rng(seed)
    Image.MAX_IMAGE_PIXELS = None
    paths = planted.Photographs(work, random).paths
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # Grain of a camera, tiled: drawing it anew for each of 12 million pixels takes longer than all else.
    grain = random.normal(0, 4, (1024, 1024, 1)).astype(np.float32)
    for index in range(count):
        if index % 40 == 0:
            image = Image.open(paths[index // 40 % len(paths)]).convert("RGB")
        ratio = size[0] / size[1]
        width = min(image.width, image.height * ratio) * random.uniform(0.35, 0.95)
        x, y = random.uniform(0, image.width - width), random.uniform(0, image.height - width / ratio)
        window = image.resize(size, Image.Resampling.BICUBIC, box=(x, y, x + width, y + width / ratio))
        if random.random() < 0.5:
            window = window.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        tone = (255 * (np.arange(256) / 255) ** random.uniform(0.8, 1.25)).astype(np.float32)
        y, x = random.integers(1024, size=2)
        rows, columns = (np.arange(length) + start for length, start in ((size[1], y), (size[0], x)))
        noisy = tone[np.asarray(window)] + grain[rows[:, None] % 1024, columns[None] % 1024]
        Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(folder / f"{index:05}.jpg", quality=90)


RESNET = """
import pathlib, sys
import numpy as np, torch
from PIL import Image
from torch import nn
torch.manual_seed(0)
files = sorted(pathlib.Path(sys.argv[1]).iterdir())

class Block(nn.Module):
    def __init__(self, inner, outer, stride):
        super().__init__()
        self.branch = nn.Sequential(
            nn.Conv2d(inner, outer, 3, stride, 1, bias=False), nn.BatchNorm2d(outer), nn.ReLU(True),
            nn.Conv2d(outer, outer, 3, 1, 1, bias=False), nn.BatchNorm2d(outer))
        self.way = nn.Identity() if inner == outer else nn.Sequential(
            nn.Conv2d(inner, outer, 1, stride, bias=False), nn.BatchNorm2d(outer))
    def forward(self, x): return torch.relu(self.branch(x) + self.way(x))

# ResNet-18 without its last layer (He et al. 2016, table 1). What it computes takes as long whatever its weights are.
network = nn.Sequential(
    nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(True), nn.MaxPool2d(3, 2, 1),
    *(Block(inner, outer, stride) for inner, outer, stride in [
        (64, 64, 1), (64, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1), (256, 512, 2), (512, 512, 1)]),
    nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval().to(memory_format=torch.channels_last)
mean, deviation = (torch.tensor(v)[:, None, None] for v in ([.485, .456, .406], [.229, .224, .225]))

class Files(torch.utils.data.Dataset):
    def __len__(self): return len(files)
    def __getitem__(self, index):
        image = Image.open(files[index])
        image.draft("RGB", (224, 224))
        image = image.convert("RGB").resize((224, 224), Image.Resampling.BILINEAR, reducing_gap=2.0)
        return (torch.from_numpy(np.array(image)).permute(2, 0, 1) / 255 - mean) / deviation

# One process decodes while the threads of this one compute.
loader = torch.utils.data.DataLoader(Files(), batch_size=32, num_workers=1)
with torch.inference_mode():
    features = torch.cat([network(batch.to(memory_format=torch.channels_last)) for batch in loader])
    distances = torch.cat([torch.cdist(part, features).topk(6, largest=False).values[:, 5] for part in features.split(500)])
for index in distances.argsort(descending=True).tolist(): print(files[index].name, float(distances[index]))
"""

CLEANVISION = """
import sys
from cleanvision import Imagelab
lab = Imagelab(data_path=sys.argv[1]); lab.find_issues(verbose=False); lab.report()
"""


def timed(command):
    start = time.perf_counter()
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command[:2]))}: {done.stderr[-2000:]}")
    return seconds, done


def speed(arguments):
    work = pathlib.Path(arguments.work)
    have_torch = importlib.util.find_spec("torch") is not None
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start")
    for name, count, size in [("large", arguments.large, (4000, 3000)), ("small", arguments.small, (480, 360))]:
        if not count:
            continue
        folder = work / f"speed-{name}"
        if not folder.exists() or len(list(folder.iterdir())) != count:
            photographs_of(work, folder, count, size, arguments.seed)
        files = sorted(folder.iterdir())
        size_in_megabytes = sum(path.stat().st_size for path in files) / 1e6
        print(f"\n{count} JPEG of {size[0]}x{size[1]}, {size_in_megabytes:.0f} MB; seconds, "
              f"median of {arguments.rounds} rounds in turn")
        # Read once, so that no tool pays for the disk.
        for path in files:
            path.read_bytes()
        commands = {
            "decode, one thread": [arguments.bench, "load", folder],
            "decode, all threads": [arguments.bench, "load", "--threads", "0", folder],
            "surprisal scan": scan(arguments.surprisal, folder),
        }
        if have_torch and "resnet" in arguments.tools:
            commands["ResNet-18, nearest neighbours"] = [sys.executable, "-c", RESNET, folder]
        if "surprisal" not in arguments.tools:
            del commands["surprisal scan"]
        if "cleanvision" in arguments.tools:
            commands["cleanvision"] = [sys.executable, "-c", CLEANVISION, folder]
        times = {key: [] for key in commands}
        for _ in range(arguments.rounds):
            for key, command in commands.items():
                seconds, _ = timed(command)
                times[key].append(seconds)
                print(f"  {key}: {seconds:.1f} s", file=sys.stderr, flush=True)
        medians = {key: statistics.median(value) for key, value in times.items()}
        for key, value in medians.items():
            ratio = f"{value / medians['decode, all threads']:6.2f} x decoding on all threads"
            print(f"{key:32}{value:9.1f}   {ratio}")
        if not arguments.keep:
            shutil.rmtree(folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("troubles")
    one.add_argument("work")
    one.add_argument("surprisal")
    one.add_argument("--images", type=int, default=1000)
    one.add_argument("--each", type=int, default=20)
    one.add_argument("--seed", type=int, default=1)
    one.add_argument("--tools", nargs="+", default=["surprisal", "cleanvision"])
    one.set_defaults(run=troubles)
    two = commands.add_parser("speed")
    two.add_argument("work")
    two.add_argument("surprisal")
    two.add_argument("bench")
    two.add_argument("--large", type=int, default=1000)
    two.add_argument("--small", type=int, default=10000)
    two.add_argument("--rounds", type=int, default=1)
    two.add_argument("--seed", type=int, default=1)
    two.add_argument("--keep", action="store_true")
    two.add_argument("--tools", nargs="+", default=["surprisal", "cleanvision", "resnet"])
    two.set_defaults(run=speed)
    chosen = parser.parse_args()
    chosen.run(chosen)
