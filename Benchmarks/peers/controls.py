"""Simple methods on the same pixels: what our statistics must beat to be worth their evaluations.

    controls.py leftout FOLDER [--classes 1 5 8] [--fit N]     Fashion-MNIST's four files: each class in turn does not belong
    controls.py sets REFERENCES INLIERS OUTLIERS...            IDX files; the first images of REFERENCES are fitted to

`make bench BENCH=detection` prints both. Methods are fitted to images that belong and score others; AUROC is over all pairs. Residual, mixture
and neighbour are a few lines of numpy; ECOD (Li et al. 2022), isolation forest (Liu et al. 2008) and k nearest neighbours (Ramaswamy et al.
2000) are PyOD's, as they come. Nothing is tuned on what is printed: 64 and 40 components, 20 Gaussians are the first that were tried.
"""
import argparse
import gzip
import pathlib
import time

import numpy as np

CLOTHES = ["T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"]


def idx(path):
    """The numbers of an IDX file, of which PATH#A-B are some."""
    path, _, part = str(path).partition("#")
    data = (gzip.open if path.endswith(".gz") else open)(path, "rb").read()
    sides = np.frombuffer(data, ">i4", data[3], 4)
    values = np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(sides)
    first, _, last = part.partition("-")
    return values[int(first):int(last) + 1] if part else values


def pixels(images):
    return images.reshape(len(images), -1) / np.float32(255)


def auroc(inliers, outliers):
    both = np.concatenate([inliers, outliers])
    _, inverse, counts = np.unique(both, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    n, m = len(inliers), len(outliers)
    return (ranks[n:].sum() - m * (m + 1) / 2) / (n * m)


# -- Ours, small --


class Components:
    """Principal components, those of most variance first."""

    def __init__(self, images, count):
        self.mean = images.mean(0)
        values, vectors = np.linalg.eigh(np.cov(images - self.mean, rowvar=False))
        self.axes = vectors[:, ::-1][:, :count].astype(np.float32)

    def __call__(self, images):
        return (images - self.mean) @ self.axes


class Residual:
    """What principal components leave of an image, squared."""

    def __init__(self, count=64):
        self.count = count

    def fit(self, images):
        self.components = Components(images, self.count)

    def score(self, images):
        return ((images - self.components.mean) ** 2).sum(1) - (self.components(images) ** 2).sum(1)


class Mixture:
    """Minus the log-density of Gaussians with full covariances on principal components, by expectation-maximisation."""

    def __init__(self, gaussians=20, count=40, rounds=60):
        self.gaussians, self.count, self.rounds = gaussians, count, rounds

    def fit(self, images):
        self.components = Components(images, self.count)
        points = self.components(images).astype(np.float64)
        random = np.random.default_rng(1)
        self.means = points[random.choice(len(points), self.gaussians, replace=False)]
        self.weights = np.full(self.gaussians, 1 / self.gaussians)
        # No direction is narrower than a thousandth of the widest.
        self.floor = np.eye(self.count) * points.var(0).max() / 1000
        self.covariances = np.stack([np.cov(points, rowvar=False) / 4 + self.floor] * self.gaussians)
        for _ in range(self.rounds):
            logs = self.logs(points)
            shares = np.exp(logs - np.logaddexp.reduce(logs, axis=1, keepdims=True))
            totals = shares.sum(0) + 1e-9
            self.weights, self.means = totals / totals.sum(), shares.T @ points / totals[:, None]
            for k in range(self.gaussians):
                off = points - self.means[k]
                self.covariances[k] = (shares[:, k, None] * off).T @ off / totals[k] + self.floor

    def logs(self, points):
        columns = []
        for weight, mean, covariance in zip(self.weights, self.means, self.covariances):
            root = np.linalg.cholesky(covariance)
            white = np.linalg.solve(root, (points - mean).T)
            columns.append(np.log(weight) - (white ** 2).sum(0) / 2 - np.log(np.diag(root)).sum() - self.count / 2 * np.log(2 * np.pi))
        return np.stack(columns, axis=1)

    def score(self, images):
        return -np.logaddexp.reduce(self.logs(self.components(images).astype(np.float64)), axis=1)


class Neighbour:
    """Squared distance to the nearest of the fitted images, on principal components."""

    def __init__(self, count=40):
        self.count = count

    def fit(self, images):
        self.components = Components(images, self.count)
        self.points = self.components(images)

    def score(self, images):
        lengths = (self.points ** 2).sum(1)
        parts = np.array_split(self.components(images), max(len(images) // 500, 1))
        return np.concatenate([(part ** 2).sum(1) + (lengths - 2 * part @ self.points.T).min(1) for part in parts])


# -- PyOD's --


class PyOD:
    def __init__(self, name):
        self.name = name

    def fit(self, images):
        if self.name == "ECOD":
            from pyod.models.ecod import ECOD as Detector
        elif self.name == "IForest":
            from pyod.models.iforest import IForest as Detector
        else:
            from pyod.models.knn import KNN as Detector
        self.detector = Detector(random_state=1) if self.name == "IForest" else Detector()
        self.detector.fit(images)

    def score(self, images):
        return self.detector.decision_function(images)


METHODS = {
    "residual 64": Residual, "mixture 20x40": Mixture, "neighbour 40": Neighbour,
    **{f"PyOD {name}": (lambda name=name: PyOD(name)) for name in ("ECOD", "IForest", "kNN")},
}


def table(rows):
    """A line for each name, images to fit to, images that belong and sets of those that do not."""
    print(f"{'AUROC':28}" + "".join(f"{name:>15}" for name in METHODS) + f"{'seconds':>10}")
    for name, fitted, inliers, outliers in rows:
        start = time.monotonic()
        cells = {set_name: [] for set_name in outliers}
        for make in METHODS.values():
            method = make()
            method.fit(pixels(fitted))
            known = method.score(pixels(inliers))
            for set_name, images in outliers.items():
                cells[set_name].append(auroc(known, method.score(pixels(images))))
        for set_name, values in cells.items():
            print(f"{' '.join(filter(None, [name, set_name])):28}" + "".join(f"{value:15.3f}" for value in values)
                  + f"{time.monotonic() - start:10.1f}", flush=True)


def leftout(arguments):
    folder = pathlib.Path(arguments.folder)
    images, labels, others, known = (idx(folder / f"{name}-ubyte.gz") for name in (
        "train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"))
    table((CLOTHES[number], images[labels != number][:arguments.fit], others[known != number], {"": others[known == number]})
          for number in arguments.classes)


def sets(arguments):
    outliers = {"/".join(path.split("/")[-2:]): idx(path)[:arguments.limit] for path in arguments.outliers}
    table([("", idx(arguments.references)[:arguments.fit], idx(arguments.inliers)[:arguments.limit], outliers)])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("leftout")
    one.add_argument("folder")
    one.add_argument("--classes", type=int, nargs="+", default=[1, 5, 8])
    one.add_argument("--fit", type=int, default=10_000)
    one.set_defaults(run=leftout)
    two = commands.add_parser("sets")
    two.add_argument("references")
    two.add_argument("inliers")
    two.add_argument("outliers", nargs="+")
    two.add_argument("--fit", type=int, default=10_000)
    two.add_argument("--limit", type=int, default=2000)
    two.set_defaults(run=sets)
    arguments = parser.parse_args()
    arguments.run(arguments)


main()
