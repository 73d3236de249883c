"""Averages the weights of checkpoints of one training, each by its share, into a checkpoint of a finished training.

    python mix.py photos.checkpoint.4000 .75 photos.checkpoint .25 --output mixed.checkpoint

A network between two steps of one training is often better than both (Wortsman et al. 2022): the earlier one knows more
that holds for things it has not seen, the later one denoises better.
"""

import argparse
import json

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("parts", nargs="+", metavar="CHECKPOINT SHARE")
parser.add_argument("--output", required=True)
chosen = parser.parse_args()

paths, shares = chosen.parts[::2], [float(share) for share in chosen.parts[1::2]]
if len(paths) != len(shares) or abs(sum(shares) - 1) > 1e-6:
    parser.error("each checkpoint needs its share, and the shares must add up to 1")
average, steps = 0, []
for path, share in zip(paths, shares):
    with safe_open(path, "np") as file:
        facts = json.loads(file.metadata()["surprisal.checkpoint"])
        average = average + share * file.get_tensor("average")
    steps.append((facts["step"], facts))
# That of most steps says how it was trained.
facts = max(steps, key=lambda pair: pair[0])[1]
average = average.astype(np.float32)
nothing = np.zeros_like(average)
save_file({"values": average, "average": average, "first": nothing, "second": nothing}, chosen.output,
          {"surprisal.checkpoint": json.dumps(facts)})
