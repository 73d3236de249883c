"""What could be had by one who knew the outliers: bounds on what any method can reach that knows ordinary images alone.

    bounds.py joined SCORES.csv [SCORES.csv ...]
    bounds.py marked ENCODER.onnx NORMAL DEFECTIVE MASKS

joined reads the scores of `bench scores`. For each set of outliers it prints the AUROC of the best single statistic, of `combined`, and of a logistic regression on
all that `combined` joins (how surprisingly high and low each is, by the references' quantiles), taught by the references and by the outliers of
all other sets, and by one half of its own for the other.

marked asks whether the pixels that masks mark can be told from the other pixels of defective images by an encoder's features (means over five by
five places, encoder.py's blocks). A network of one hidden layer is taught by the masks of other images, those of a burst (numbers of names that follow
within 60) together, and by normal images; without masks, a Gaussian of each place of normal images judges the same features.

joined needs numpy, scipy and torch; marked pillow and openvino too.
"""
import argparse
import csv
import glob
import os
import re

import numpy as np
import torch

JOINED = ["joint", "bands", "spatial", "surprisal", "complexity", "ratio", "gaussian", "activations", "spectrum", "residual", "nearest", "eyes", "altered",
          "damage"]


def auroc(low, high):
    low = np.sort(low)
    return (np.searchsorted(low, high, "left") + np.searchsorted(low, high, "right")).mean() / 2 / len(low)


def taught(ordinary, others, hidden=0, penalty=1e-3, steps=400):
    """A function of rows that is high for the others; each kind has the same say."""
    torch.manual_seed(0)
    rows = torch.tensor(np.concatenate([ordinary, others]), dtype=torch.float32)
    label = torch.cat([torch.zeros(len(ordinary)), torch.ones(len(others))])
    mean, deviation = rows.mean(0), rows.std(0) + 1e-6
    layers = [torch.nn.Linear(rows.shape[1], 1)]
    if hidden:
        layers = [torch.nn.Dropout(0.3), torch.nn.Linear(rows.shape[1], hidden), torch.nn.ReLU(), torch.nn.Dropout(0.5), torch.nn.Linear(hidden, 1)]
    network = torch.nn.Sequential(*layers)
    optimiser = torch.optim.AdamW(network.parameters(), 1e-3 if hidden else 1e-2, weight_decay=0.05 if hidden else 0)
    rows, weight = (rows - mean) / deviation, torch.tensor(len(ordinary) / len(others))
    batches = 512 if hidden else len(rows)
    for _ in range(6 if hidden else steps):
        for some in torch.randperm(len(rows)).split(batches):
            loss = torch.nn.functional.binary_cross_entropy_with_logits(network(rows[some])[:, 0], label[some], pos_weight=weight)
            if not hidden:
                loss = loss + penalty * sum((p ** 2).sum() for p in network.parameters())
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    network.eval()

    def score(some):
        with torch.no_grad():
            return network((torch.tensor(some, dtype=torch.float32) - mean) / deviation)[:, 0].numpy()
    return score


def joined(path):
    from scipy.stats import norm
    with open(path) as file:
        names, *lines = csv.reader(file)
    use = [names.index(name) for name in JOINED if name in names]
    sets = {}
    for line in lines:
        sets.setdefault(line[0], []).append([float(line[k]) for k in [*use, names.index("combined")]])
    sets = {name: np.array(rows) for name, rows in sets.items()}
    combined = {name: rows[:, -1] for name, rows in sets.items()}
    sets = {name: rows[:, :-1] for name, rows in sets.items()}
    references = np.sort(sets["reference"], axis=0)

    def surprises(rows):
        share = [np.searchsorted(references[:, j], rows[:, j]) / len(references) for j in range(rows.shape[1])]
        z = norm.ppf(np.clip(np.stack(share, 1), 0.5 / len(references), 1 - 0.5 / len(references)))
        return np.concatenate([-norm.logsf(z), -norm.logsf(-z)], 1)

    rows = {name: surprises(some) for name, some in sets.items()}
    outliers = [name for name in sets if name not in ("reference", "in") and not name.startswith("~")]
    print(f"{path}: {len(references)} references, {len(sets['in'])} that belong")
    print(f"{'AUROC':24}{'best single':>12}{'combined':>12}{'by others':>12}{'by its own':>12}")
    found = []
    for name in outliers:
        best = max(auroc(sets["in"][:, j], sets[name][:, j]) for j in range(len(use)))
        others = [rows[other] for other in outliers if other != name]
        by_others = float("nan")
        if others:
            score = taught(rows["reference"], np.concatenate(others))
            by_others = auroc(score(rows["in"]), score(rows[name]))
        own = []
        for half in (0, 1):
            score = taught(rows["reference"], rows[name][half::2])
            own.append(auroc(score(rows["in"]), score(rows[name][1 - half::2])))
        found.append((best, auroc(combined["in"], combined[name]), by_others, np.mean(own)))
        print(f"{name:24}" + "".join(f"{value:12.3f}" for value in found[-1]))
    found = np.array(found)
    loss = found[:, :1] - found[:, 1:]
    print(f"{'mean loss':36}" + "".join(f"{value:12.3f}" for value in loss.mean(0)))
    print(f"{'within .01':36}" + "".join(f"{value:12}" for value in (loss < .01).sum(0)) + f"  of {len(outliers)}")


def features(encoder, paths):
    """Means over five by five places of the blocks that `sight` judges places by, [images, 16, 16, features]; and the pictures' names."""
    import openvino
    from encoder import PLACES
    from PIL import Image
    model = openvino.Core().compile_model(encoder, "CPU")
    outputs = {next(iter(output.names)): output for output in model.outputs}
    mean, deviation = np.array([.485, .456, .406]), np.array([.229, .224, .225])
    images = []
    for path in paths:
        picture = np.asarray(Image.open(path).convert("RGB").resize((256, 256), Image.BILINEAR)) / 255
        result = model(((picture - mean) / deviation).transpose(2, 0, 1)[None].astype("f4"))
        maps = []
        for block in PLACES:
            values = torch.tensor(np.array(result[outputs[f"block{block}"]]))
            values = torch.nn.functional.interpolate(values, size=(16, 16))
            maps.append(torch.nn.functional.avg_pool2d(torch.nn.functional.pad(values, (2, 2, 2, 2), mode="replicate"), 5, 1))
        images.append(torch.cat(maps, 1)[0].permute(1, 2, 0).numpy())
    return np.stack(images)


def pixels(scores, marks):
    """AUROC of marked pixels over all images, of scores by place."""
    large = torch.nn.functional.interpolate(torch.tensor(scores, dtype=torch.float32)[:, None], size=marks.shape[1:], mode="bilinear")[:, 0].numpy()
    return auroc(large[~marks][::7], large[marks])


def gaussians(normal, images, directions=60):
    """Squared distance of each place by the normal ones there, along the directions in which all places vary most."""
    rows = normal.reshape(-1, normal.shape[-1])
    centre = rows.mean(0)
    vectors = np.linalg.eigh(np.cov(rows[::7].T))[1][:, ::-1][:, :directions]
    known, own = (normal - centre) @ vectors, (images - centre) @ vectors
    known_mean = known.mean(0)
    spread = np.einsum("nijc,nijd->ijcd", known - known_mean, known - known_mean, optimize=True) / len(known)
    common = spread.mean((0, 1))
    inverse = np.linalg.inv(0.9 * spread + 0.1 * common + 0.01 * np.diag(np.diag(common)))
    return np.log(np.einsum("nijc,ijcd,nijd->nij", own - known_mean, inverse, own - known_mean, optimize=True))


def marked(encoder, normal, defective, masks):
    from PIL import Image
    paths = sorted(glob.glob(f"{defective}/*"))
    marks = []
    for path in paths:
        stem = os.path.splitext(os.path.basename(path))[0]
        mask, = glob.glob(f"{masks}/{glob.escape(stem)}.*")
        marks.append(np.asarray(Image.open(mask).convert("L").resize((256, 256), Image.NEAREST)) > 127)
    marks = np.stack(marks)
    number = np.array([int(re.findall(r"\d+", os.path.basename(path))[-1]) for path in paths])
    order = np.argsort(number)
    burst = np.empty(len(paths), int)
    burst[order] = np.cumsum(np.diff(number[order], prepend=number[order[0]]) > 60)
    sound, spoiled = features(encoder, sorted(glob.glob(f"{normal}/*"))), features(encoder, paths)
    print(f"{len(sound)} normal images, {len(spoiled)} defective ones in {burst.max() + 1} bursts")
    mean, deviation = sound.mean((0, 1, 2)), sound.std((0, 1, 2)) + 1e-6
    sound, spoiled = ((some - mean) / deviation / np.sqrt(some.shape[-1]) for some in (sound, spoiled))
    print(f"pixels by a Gaussian of each place of normal images: {pixels(gaussians(sound, spoiled), marks):.3f}")
    share = marks.reshape(len(marks), 16, 16, 16, 16).mean((2, 4))
    columns = sound.shape[-1]
    ordinary = sound.reshape(-1, columns)[::12]
    scores = np.zeros(share.shape)
    for fold in range(5):
        own = burst % 5 == fold
        rows, parts = spoiled[~own].reshape(-1, columns), share[~own].ravel()
        score = taught(np.concatenate([ordinary, rows[parts <= .5]]), rows[parts > .5], hidden=64)
        scores[own] = score(spoiled[own].reshape(-1, columns)).reshape(-1, 16, 16)
    print(f"pixels by a network taught by the masks of other bursts: {pixels(scores, marks):.3f}")
    far, near = spoiled[share > .7], spoiled[share < .05]
    vectors = np.linalg.eigh(np.cov(sound.reshape(-1, columns)[::7].T))[1][:, ::-1][:, :40]
    spread = (sound.reshape(-1, columns) @ vectors).std(0)
    shift = np.abs(((far - near.mean(0)) @ vectors).mean(0) / spread)
    print(f"marked places against the others, along the 40 directions in which normal ones vary most: moved by at most {shift.max():.2f} deviations")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("joined")
    command.add_argument("scores", nargs="+")
    command = commands.add_parser("marked")
    for name in ("encoder", "normal", "defective", "masks"):
        command.add_argument(name)
    arguments = parser.parse_args()
    if arguments.command == "joined":
        for path in arguments.scores:
            joined(path)
    else:
        marked(arguments.encoder, arguments.normal, arguments.defective, arguments.masks)


if __name__ == "__main__":
    main()
