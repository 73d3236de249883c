"""What int8 would cost in bits: the twin with its inner convolutions' weights and inputs rounded to 8 bits.

    python int8.py MODEL IMAGES [--count 64]

Weights are scaled for each output channel, inputs for each tensor by its own greatest value (kinder than any scale fixed
beforehand); sums stay exact, and the first and last layers stay float32, as do all between convolutions. IMAGES is an IDX
file. Both networks see the same noise, so their difference has little of its chance.
"""

import argparse
import copy
import math

import numpy as np
import torch
from torch import nn
from twin import images, load


def rounded(x, most):
    return (x / most * 127).round().clamp(-127, 127) * (most / 127)


def quantise(denoiser):
    """A copy whose inner convolutions multiply 8-bit numbers."""
    found = copy.deepcopy(denoiser)

    def before(module, arguments):
        return (rounded(arguments[0], arguments[0].abs().max()),)

    for name, module in found.network.named_modules():
        if isinstance(module, nn.Conv2d) and name not in ("input", "output"):
            module.weight.data = rounded(module.weight.data, module.weight.data.abs().amax((1, 2, 3), keepdim=True))
            module.register_forward_pre_hook(before)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("images")
    parser.add_argument("--count", type=int, default=64)
    parser.add_argument("--levels", type=int, default=24)
    arguments = parser.parse_args()
    whole = load(arguments.model).eval()
    small = quantise(whole)
    y = images([arguments.images])[: arguments.count].float() / 127.5 - 1
    levels = np.linspace(math.log(0.001), math.log(80), arguments.levels)
    random = torch.Generator().manual_seed(1)
    rows = []
    with torch.inference_mode():
        for u in levels:
            sigma = math.exp(u)
            z = y + sigma * torch.randn(y.shape, generator=random)
            s = torch.full((len(y),), sigma)
            rows.append([((net(z, s) - y) / sigma).square().mean((1, 2, 3)).numpy() for net in (whole, small)])
    bits = np.trapezoid(np.array(rows), levels, axis=0) / math.log(2)
    difference = bits[1] - bits[0]
    print(f"{len(y)} images: int8 less float32 {difference.mean():+.4f} bits/dim, at most {np.abs(difference).max():.4f} an image")
    worst = int(np.argmax(np.array(rows)[:, 1].mean(1) - np.array(rows)[:, 0].mean(1)))
    print(f"most at sigma {math.exp(levels[worst]):.3g}")


if __name__ == "__main__":
    main()
