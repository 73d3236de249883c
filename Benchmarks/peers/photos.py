"""What pooled activations of a general network know of a population, beside two controls.

    python photos.py layers NETWORK DATA      mean AUROC by layer, noise, pooling and shrinkage, on development sets
    python photos.py report NETWORK DATA      the recipe below on other sets, with the controls

NETWORK is a checkpoint or model file; DATA the folder with cifar10/, gtsrb32/ and magnetic-tile.tar (Fashion-MNIST comes
from Debian's dataset-fashion-mnist when installed). Needs torch, numpy, Pillow, safetensors and, for a control, pyod.

One class is fitted on some of its images; scored are others of it and others of all other classes. Controls: the
Mahalanobis distance of 64 principal components of the pixels, and the same recipe on the same network with random
weights. Development: CIFAR-10's train1, the first half of the traffic signs. Reported: all others.
"""

import argparse
import gzip
import io
import pathlib
import sys
import tarfile

import numpy as np
import torch
from PIL import Image
from safetensors import safe_open

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "models" / "photos")]
from sources import shares  # noqa: E402
from train import initialise, loaded  # noqa: E402
from twin import Denoiser, images, load, parameters  # noqa: E402

FASHION = pathlib.Path("/usr/share/datasets/fashion-mnist")
NOISE = (0.05, 0.2, 0.8)
LAYERS = ["down.0.1", "down.1.1", "middle.0", "middle.1", "up.1.0", "up.1.1", "up.0.0", "up.0.1"]


def network(path):
    """The denoiser of a checkpoint or of a model file."""
    with safe_open(path, "np") as file:
        is_checkpoint = "surprisal.checkpoint" in file.metadata()
    return (loaded if is_checkpoint else load)(path).eval()


def random_network(like, seed, blocks):
    """The same network as training starts it; `blocks`: its residual branches drawn too, which start at zero."""
    torch.manual_seed(seed)
    denoiser = Denoiser(like.architecture, like.preconditioning)
    initialise(denoiser.network)
    if blocks:
        for name, p in parameters(denoiser.network):
            if name.endswith("conv2.weight"):
                torch.nn.init.normal_(p, 0, (1 / p[0].numel()) ** 0.5)
    return denoiser.eval()


class Enough(Exception):
    """The last layer asked for has been seen: what follows it need not run."""


def activations(denoiser, pixels, noise=NOISE, layers=LAYERS, noisy=True, batch=250, seed=1):
    """Mean and deviation over place of each layer's output, {layer: [N, len(noise), 2, C]}.

    pixels: [N, 3, H, W] bytes. All images get the same noise; with `noisy` false none is added, and the network is told
    the level all the same.
    """
    device = next(denoiser.parameters()).device
    modules = dict(denoiser.network.named_modules())
    seen, found = {}, {layer: [] for layer in layers}
    last = max(layers, key=LAYERS.index)

    def see(layer, output):
        seen[layer] = output
        if layer == last:
            raise Enough

    hooks = [modules[layer].register_forward_hook(lambda m, i, o, layer=layer: see(layer, o)) for layer in layers]
    draw = torch.from_numpy(np.random.default_rng(seed).standard_normal((len(noise), *pixels.shape[1:]), np.float32))
    with torch.inference_mode():
        for rows in pixels.split(batch):
            y = rows.to(device).float() / 127.5 - 1
            levels = {layer: [] for layer in layers}
            for sigma, e in zip(noise, draw.to(device)):
                s = torch.full((1,), sigma, device=device)
                z = y + sigma * e if noisy else y
                try:
                    denoiser.network(denoiser.encode(z, s), denoiser.features(s))
                except Enough:
                    pass
                for layer in layers:
                    x = seen[layer]
                    levels[layer].append(torch.stack([x.mean((2, 3)), x.var((2, 3), correction=0).sqrt()], 1))
            for layer in layers:
                found[layer].append(torch.stack(levels[layer], 1).float().cpu())
    for hook in hooks:
        hook.remove()
    return {layer: torch.cat(parts) for layer, parts in found.items()}


class Mahalanobis:
    """Squared distance under the correlations of standardised features, drawn to independence by `shrinkage`."""

    def __init__(self, features, shrinkage):
        features = features.double()
        self.mean, deviation = features.mean(0), features.std(0, correction=0)
        self.deviation = deviation.clamp(min=1e-6 + 1e-3 * deviation.mean())
        x = (features - self.mean) / self.deviation
        correlations = x.T @ x / len(x)
        eye = torch.eye(len(correlations), dtype=torch.float64, device=x.device)
        self.factor = torch.linalg.cholesky((1 - shrinkage) * correlations + shrinkage * eye)

    def __call__(self, features):
        x = (features.double() - self.mean) / self.deviation
        return torch.linalg.solve_triangular(self.factor, x.T, upper=False).square().sum(0)


def recipe(features):
    """The features that Surprisal fits: means, and logarithms of deviations, of the last axis' halves."""
    half = features.shape[1] // 2
    return torch.cat([features[:, :half], (features[:, half:] + 1e-4).log()], 1)


def estimated(features):
    """Mahalanobis, its shrinkage by Schaefer and Strimmer (2005), at least 1 %."""
    x = features.double()
    r = torch.corrcoef(x.T).nan_to_num()
    square = r.square() - torch.diag(r.diagonal().square())
    noise = ((1 - square).square().sum() - len(r)) / (len(x) - 1)
    return Mahalanobis(features, float((noise / square.sum()).clamp(0.01, 1)))


def detector(name):
    """A detector of PyOD on standardised features, as a fit."""
    def fit(features):
        from pyod.models.ecod import ECOD
        from pyod.models.knn import KNN

        mean, deviation = features.mean(0), features.std(0) + 1e-6
        made = {"ECOD": ECOD, "kNN": KNN}[name]()
        made.fit(((features - mean) / deviation).numpy())
        return lambda x: torch.from_numpy(made.decision_function(((x - mean) / deviation).numpy()))

    return fit


class Pixels:
    """Mahalanobis distance of the first principal components of the pixels."""

    def __init__(self, pixels, components=64):
        x = pixels.flatten(1).double()
        self.mean = x.mean(0)
        _, values, axes = torch.linalg.svd(x - self.mean, full_matrices=False)
        count = min(components, len(x) - 1)
        self.axes = axes[:count] / (values[:count, None] / len(x) ** 0.5 + 1e-6)

    def __call__(self, pixels):
        return ((pixels.flatten(1).double() - self.mean) @ self.axes.T).square().sum(1)


def auroc(inliers, outliers):
    both = torch.cat([inliers, outliers]).double()
    _, inverse, counts = both.unique(return_inverse=True, return_counts=True)
    ranks = (counts.cumsum(0) - (counts - 1) / 2)[inverse]
    n, m = len(inliers), len(outliers)
    return ((ranks[n:].sum() - m * (m + 1) / 2) / (n * m)).item()


class OneClass:
    """Every class in turn is the population: fitted on some of its images, judged on others and on other classes'."""

    def __init__(self, pixels, labels, fit, test, classes=None):
        self.classes = sorted(set(labels.tolist())) if classes is None else classes
        rows = {c: np.flatnonzero(labels == c) for c in self.classes}
        kept = np.concatenate([rows[c][:fit + test] for c in self.classes])
        self.pixels = pixels[kept]
        place = {row: i for i, row in enumerate(kept)}
        self.fit = {c: [place[r] for r in rows[c][:fit]] for c in self.classes}
        self.test = {c: [place[r] for r in rows[c][fit:fit + test]] for c in self.classes}

    def aurocs(self, features, fitted):
        """One a class. features [N, ...]; fitted makes a score of the features fitted on."""
        found = []
        for c in self.classes:
            score = fitted(features[self.fit[c]])
            others = [i for o in self.classes if o != c for i in self.test[o]]
            found.append(auroc(score(features[self.test[c]]), score(features[others])))
        return found


class Split(OneClass):
    """As OneClass; fitted on images before row `edge`, judged on those from there on."""

    def __init__(self, pixels, labels, edge, fit, test):
        self.classes = sorted(set(labels.tolist()))
        parts = {c: (np.flatnonzero(labels[:edge] == c)[:fit], edge + np.flatnonzero(labels[edge:] == c)[:test])
                 for c in self.classes}
        kept = np.concatenate([rows for pair in parts.values() for rows in pair])
        self.pixels = pixels[kept]
        place = {row: i for i, row in enumerate(kept)}
        self.fit = {c: [place[r] for r in parts[c][0]] for c in self.classes}
        self.test = {c: [place[r] for r in parts[c][1]] for c in self.classes}


class Apart:
    """One population, judged on its own held-out images and on kinds of outliers."""

    def __init__(self, normal, kinds, fit):
        self.pixels = torch.cat([normal, *kinds.values()])
        self.names, self.count = list(kinds), fit
        edges = np.cumsum([len(normal), *map(len, kinds.values())])
        self.normal = range(fit, len(normal))
        self.kinds = [range(a, b) for a, b in zip(edges, edges[1:])]

    def aurocs(self, features, fitted):
        score = fitted(features[:self.count])
        inliers = score(features[list(self.normal)])
        return [auroc(inliers, score(features[list(rows)])) for rows in self.kinds]


def labels(path):
    return np.frombuffer(path.read_bytes(), np.uint8, offset=8)


def cifar(data, name):
    folder = data / "cifar10"
    return images([str(folder / f"{name}-images-idx4-ubyte.xz")]), labels(folder / f"{name}-labels-idx1-ubyte")


def signs(data):
    folder = data / "gtsrb32"
    return images([str(folder / "test3000-images-idx4-ubyte.xz")]), labels(folder / "test3000-labels-idx1-ubyte")


def sized(pixels, side):
    """[N, 3, side, side], by area averaging."""
    height, width = (torch.from_numpy(shares(a, side)) for a in pixels.shape[-2:])
    return (height @ pixels.float() @ width.T).round().clamp(0, 255).byte()


def clothes():
    pixels = images([str(FASHION / "t10k-images-idx3-ubyte.gz")])
    return sized(pixels, 32).expand(-1, 3, -1, -1), np.frombuffer(
        gzip.open(FASHION / "t10k-labels-idx1-ubyte.gz").read(), np.uint8, offset=8)


def tiles(data, side):
    kinds = {}
    with tarfile.open(data / "magnetic-tile.tar") as file:
        for member in sorted(file.getmembers(), key=lambda m: m.name):
            if member.name.endswith(".jpg"):
                pixels = np.asarray(Image.open(io.BytesIO(file.extractfile(member).read())).convert("RGB"))
                kind = next(k for k in ("normal", "blowhole", "crack", "uneven") if k in member.name.lower())
                height, width = (shares(n, side) for n in pixels.shape[:2])
                small = np.einsum("yh,xw,hwc->cyx", height, width, pixels.astype(np.float32), optimize=True)
                kinds.setdefault(kind, []).append(torch.from_numpy(small.round().clip(0, 255).astype(np.uint8)))
    kinds = {kind: torch.stack(rows) for kind, rows in kinds.items()}
    order = torch.from_numpy(np.random.default_rng(1).permutation(len(kinds["normal"])))
    return kinds.pop("normal")[order], kinds


def sign_classes(pixels, names, fit, test):
    counts = np.bincount(names)
    return OneClass(pixels, names, fit, test, [c for c in range(len(counts)) if counts[c] >= fit + 20])


def development(data):
    pixels, names = signs(data)
    half = len(pixels) // 2
    return {
        "CIFAR-10 classes (train1, 450)": OneClass(*cifar(data, "train1"), 450, 150),
        "signs, first half (40)": sign_classes(pixels[:half], names[:half], 40, 40),
    }


def mean(values):
    return sum(values) / len(values)


def joined(features, layers, levels=slice(None), parts=slice(None)):
    return torch.cat([features[layer][:, levels, parts].flatten(1) for layer in layers], 1)


CHOICES = [[layer] for layer in LAYERS] + [
    ["middle.1", "up.1.1"], ["middle.1", "up.0.1"], ["down.1.1", "middle.1"], ["down.1.1", "middle.1", "up.1.1"],
    ["down.0.1", "down.1.1", "middle.1"], ["down.0.1", "down.1.1", "middle.1", "up.1.1", "up.0.1"],
]


def layers(arguments):
    denoiser = network(arguments.network).to(arguments.device)
    print_layers({arguments.network: denoiser}, development(pathlib.Path(arguments.data)))


def print_layers(denoisers, sets):
    for title, protocol in sets.items():
        pixel = mean(protocol.aurocs(protocol.pixels, Pixels))
        print(f"{title}: {len(protocol.pixels)} images, pixels {pixel:.3f}")
        for name, denoiser in denoisers.items():
            device = next(denoiser.parameters()).device
            for noisy in (True, False):
                features = {k: v.to(device) for k, v in activations(denoiser, protocol.pixels, noisy=noisy).items()}
                rows = []
                for chosen in CHOICES:
                    for parts, said in ((slice(0, 1), "mean"), (slice(None), "mean, deviation")):
                        for levels, level in ((slice(None), "all"), (slice(0, 1), ".05"), (slice(1, 2), ".2"),
                                              (slice(2, 3), ".8"), (slice(0, 2), ".05 .2")):
                            for shrinkage in (0.01, 0.03, 0.1, 0.3, 0.6):
                                if level != "all" and shrinkage != 0.1:
                                    continue
                                found = protocol.aurocs(joined(features, chosen, levels, parts),
                                                        lambda x: Mahalanobis(x, shrinkage))
                                rows.append((mean(found), "+".join(chosen), said, level, shrinkage))
                rows.sort(reverse=True)
                print(f"  {name}, {'noisy' if noisy else 'no noise added'}:")
                for value, *what in rows[:6]:
                    print("   ", f"{value:.4f}", *what)
                for layer in LAYERS:
                    own = [r for r in rows if r[1] == layer]
                    print("   ", f"{layer:9} {own[0][0]:.4f}", *own[0][2:], flush=True)


# Chosen on the development sets by `layers`: one pass over the clean image, told of this noise.
TOLD = (0.2,)
SHRINKAGE = 0.1
# The second is the random network's best on the development sets.
SHOWN = ["middle.1", "down.1.1"]


def reported(data):
    pixels, names = signs(data)
    half = len(pixels) // 2
    cifar_pixels, cifar_names = cifar(data, "train2")
    test_pixels, test_names = cifar(data, "test")
    both = torch.cat([cifar_pixels, test_pixels]), np.concatenate([cifar_names, test_names])
    clothes_pixels, clothes_names = clothes()
    small, large = (tiles(data, side) for side in (32, 64))
    # Populations as unlike as folders are: 450 to fit, 100 to judge of each.
    eight = [cifar_pixels[cifar_names == c][:550] for c in (0, 1, 3, 7, 8)]
    eight += [pixels[:550], clothes_pixels[:550], small[0][:550]]
    labelled = np.repeat(np.arange(8), 550)
    return {
        "CIFAR-10 classes, 450 fitted (train2), 100 judged (test)": Split(*both, len(cifar_pixels), 450, 100),
        "signs, second half, 40 fitted": sign_classes(pixels[half:], names[half:], 40, 40),
        "clothes, 450 fitted, 100 judged": OneClass(clothes_pixels, clothes_names, 450, 100),
        "eight populations, 450 fitted, 100 judged": OneClass(torch.cat(eight), labelled, 450, 100),
        "tiles at 32, 450 fitted": Apart(*small, 450),
        "tiles at 64, 450 fitted": Apart(*large, 450),
    }


def report(arguments):
    """Mean AUROC, then each class's, of every network by layer and of the controls."""
    nets = {path: network(path) for path in [arguments.network, *arguments.beside]}
    if not arguments.alone:
        like = next(iter(nets.values()))
        nets.update({f"random weights, seed {seed}": random_network(like, seed, blocks=True) for seed in (1, 2)})
    for title, protocol in reported(pathlib.Path(arguments.data)).items():
        if arguments.only and arguments.only not in title:
            continue
        print(f"{title} ({len(protocol.pixels)} images)")
        rows = {} if arguments.alone else {
            "64 principal components of pixels": protocol.aurocs(protocol.pixels, Pixels)}
        for name, net in nets.items():
            found = activations(net.to(arguments.device), protocol.pixels, TOLD, SHOWN, noisy=False)
            for layer in SHOWN:
                for parts, said in ((slice(0, 1), "mean"), (slice(None), "mean, deviation")):
                    rows[f"{name}, {layer}, {said}"] = protocol.aurocs(
                        joined(found, [layer], parts=parts), lambda x: Mahalanobis(x, SHRINKAGE))
            fitted = recipe(joined(found, SHOWN[:1]).cpu())
            rows[f"{name}, as Surprisal fits it"] = protocol.aurocs(fitted, estimated)
            if name == arguments.network and not arguments.alone:
                for kind in ("ECOD", "kNN"):
                    rows[f"{name}, the same features, PyOD's {kind}"] = protocol.aurocs(fitted, detector(kind))
        for name, values in rows.items():
            print(f"  {mean(values):.3f} {name}: " + " ".join(f"{v:.3f}" for v in values), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for name, run in (("layers", layers), ("report", report)):
        one = commands.add_parser(name)
        one.add_argument("network")
        one.add_argument("data")
        one.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
        one.add_argument("--only", help="sets whose title holds this")
        one.add_argument("--beside", nargs="*", default=[], help="other networks")
        one.add_argument("--alone", action="store_true", help="without the controls")
        one.set_defaults(run=run)
    chosen = parser.parse_args()
    chosen.run(chosen)
