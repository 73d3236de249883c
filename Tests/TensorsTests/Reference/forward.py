"""Values of every layer's forward pass, computed in float64 by PyTorch: what ForwardTests compares oneDNN's with.

Written to forward.json beside this file by

    pip install torch==2.15.0 numpy && python3 forward.py

Tensors are channels-last here as in the library; PyTorch's own layout is channels-first.
"""

import json
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(1)
cases = {}


def to_first(x):
    return x.permute(0, 3, 1, 2)


def to_last(x):
    return x.permute(0, 2, 3, 1)


def draw(*shape):
    # Rounded to what float32 holds, so that both sides start from the same numbers.
    return torch.randn(*shape).float().double()


def keep(name, inputs, parameters, output):
    def plain(tensor):
        return {"shape": list(tensor.shape), "values": [round(v, 9) for v in tensor.flatten().tolist()]}

    cases[name] = {
        "inputs": [plain(x) for x in inputs],
        "parameters": {key: plain(x) for key, x in parameters.items()},
        "output": plain(output),
    }


for name, kernel, stride in [("conv1", 1, 1), ("conv3", 3, 1), ("halve", 3, 2)]:
    x, w, b = draw(2, 6, 4, 3), draw(5, 3, kernel, kernel), draw(5)
    y = F.conv2d(to_first(x), w, b, stride=stride, padding=kernel // 2)
    keep(name, [x], {"weight": w, "bias": b}, to_last(y))

x, w, b, shift = draw(2, 4, 4, 3), draw(3, 3, 3, 3), draw(3), draw(2, 3)
y = F.silu(F.conv2d(to_first(x), w, b, padding=1) + shift[:, :, None, None]) + to_first(x)
keep("block", [x, shift], {"weight": w, "bias": b}, to_last(y))

x, scale, shift = draw(2, 3, 2, 6), draw(6), draw(6)
keep("layerNorm", [x], {"scale": scale, "shift": shift}, F.layer_norm(x, [6], scale, shift, eps=1e-5))

x, w, b = draw(3, 4), draw(4, 5), draw(5)
keep("linear", [x], {"weight": w, "bias": b}, x @ w + b)
keep("linearSwish", [x], {"weight": w, "bias": b}, F.silu(x @ w + b))

x = draw(2, 3, 2, 3)
keep("swish", [x], {}, F.silu(x))
other = draw(2, 3, 2, 3)
keep("add", [x, other], {}, x + other)
keep("upsample", [x], {}, to_last(F.interpolate(to_first(x), size=(6, 4), mode="nearest")))
keep("concatenate", [x, other[..., :2]], {}, torch.cat([x, other[..., :2]], dim=3))

path = pathlib.Path(__file__).with_name("forward.json")
path.write_text(json.dumps(cases, separators=(",", ":")) + "\n")
