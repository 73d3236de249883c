"""Images of the photographs as an IDX file, for `surprisal train` to train on, survey and calibrate.

    python crops.py SOURCES.zip --count 20000 --size 32 --output photos-images-idx4-ubyte.gz
    python crops.py SOURCES.zip --count 4000 --size 32 --held-out --output held-out-images-idx4-ubyte.gz

The images are those that train.py denoises: crops at all scales, whole pictures, stamps on photographs.
"""

import argparse
import gzip
import struct

import torch

from train import Sources

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("sources")
parser.add_argument("--count", type=int, default=20000)
parser.add_argument("--size", type=int, default=32, choices=(32, 64))
parser.add_argument("--held-out", action="store_true")
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--output", required=True)
chosen = parser.parse_args()

torch.manual_seed(chosen.seed)
sources = Sources(chosen.sources, "cpu", chosen.held_out)
with gzip.GzipFile(chosen.output, "wb", mtime=0) as file:
    file.write(struct.pack(">4B4I", 0, 0, 8, 4, chosen.count, chosen.size, chosen.size, 3))
    for first in range(0, chosen.count, 1000):
        images = ((sources.clean(1000, chosen.size) + 1) * 127.5).round().byte()
        # A batch ends with its stamps.
        images = images[torch.randperm(1000)][:chosen.count - first]
        file.write(images.permute(0, 2, 3, 1).contiguous().numpy().tobytes())
