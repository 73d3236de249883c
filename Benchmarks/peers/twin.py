"""The network of ScoreModel in PyTorch: the same parameters by the same names, from and to the same files.

    python twin.py compare MODEL FILE.json     denoises what `bench parity` wrote, and prints the largest difference
    python twin.py train IMAGES... --steps N   trains on this machine's GPU and writes a checkpoint, which
                                               `surprisal train IMAGES --resume CHECKPOINT` surveys and calibrates

IMAGES are IDX files. Needs torch, numpy and safetensors.
"""

import argparse
import gzip
import json
import lzma
import math

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.numpy import save_file
from torch import nn

WIDTHS = {"tiny": 16, "small": 32, "base": 64}


class Block(nn.Module):
    """x + conv2(swish(conv1(layerNorm(x)) + level))"""

    def __init__(self, channels, embedding):
        super().__init__()
        self.norm = ChannelNorm(channels)
        self.level = Linear(embedding, channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x, level):
        inside = self.conv1(self.norm(x)) + self.level(level)[:, :, None, None]
        return x + self.conv2(F.silu(inside))


class ChannelNorm(nn.Module):
    """Layer normalisation over each pixel's channels."""

    def __init__(self, channels):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(channels))
        self.shift = nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        x = x.permute(0, 2, 3, 1)
        return F.layer_norm(x, x.shape[-1:], self.scale, self.shift, 1e-5).permute(0, 3, 1, 2)


class Linear(nn.Module):
    """x W + b, W stored [input, output]."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x):
        return x @ self.weight + self.bias


class Network(nn.Module):
    def __init__(self, architecture):
        super().__init__()
        w, e = architecture["width"], architecture["embedding"]
        colours = architecture["shape"]["channels"]

        def blocks(channels):
            return nn.ModuleList(Block(channels, e) for _ in range(architecture["blocks"]))

        def by_level(make):
            return nn.ModuleDict({"0": make(w), "1": make(2 * w)})

        self.level = nn.ModuleList([Linear(2 * architecture["frequencies"], e), Linear(e, e)])
        self.input = nn.Conv2d(3 * colours, w, 3, padding=1)
        self.down = by_level(blocks)
        self.halve = nn.ModuleDict({
            "0": nn.Conv2d(w, 2 * w, 3, stride=2, padding=1),
            "1": nn.Conv2d(2 * w, 4 * w, 3, stride=2, padding=1),
        })
        self.middle = blocks(4 * w)
        self.enlarge = by_level(lambda c: nn.Conv2d(2 * c, c, 1))
        self.merge = by_level(lambda c: nn.Conv2d(2 * c, c, 1))
        self.up = by_level(blocks)
        self.output = nn.Conv2d(w, colours, 3, padding=1)
        self.output.norm = ChannelNorm(w)

    def forward(self, x, features):
        """x [N, 3 colours, H, W] and features [N or 1, 2 frequencies] to F [N, colours, H, W]."""
        level = F.silu(self.level[1](F.silu(self.level[0](features))))

        def run(blocks, x):
            for block in blocks:
                x = block(x, level)
            return x

        full = run(self.down["0"], self.input(x))
        half = run(self.down["1"], self.halve["0"](full))
        back = run(self.middle, self.halve["1"](half))
        for name, skip in (("1", half), ("0", full)):
            large = F.interpolate(self.enlarge[name](back), skip.shape[-2:], mode="nearest")
            back = run(self.up[name], self.merge[name](torch.cat([large, skip], 1)))
        return self.output(self.output.norm(back))


class Denoiser(nn.Module):
    """yhat(z, sigma) as Preconditioning.swift has it, the grid's posterior mean included."""

    def __init__(self, architecture, preconditioning):
        super().__init__()
        self.architecture, self.preconditioning = architecture, preconditioning
        self.network = Network(architecture)

    def features(self, sigma):
        """[len(sigma), 2 frequencies], computed in float64."""
        count = self.architecture["frequencies"]
        u = torch.log(sigma.double())[:, None]
        period = 0.5 * 64 ** (torch.arange(count, device=sigma.device).double() / max(count - 1, 1))
        phase = 2 * math.pi * u / period
        return torch.stack([torch.sin(phase), torch.cos(phase)], -1).flatten(1).float()

    def encode(self, z, sigma):
        mean, deviation = self.preconditioning["mean"], self.preconditioning["deviation"]
        s = sigma[:, None, None, None]
        scaled = (z - mean) * torch.rsqrt(s * s + deviation * deviation)
        return torch.cat([scaled, ((z + 1) / (4 * s)).clamp(-1, 1), ((1 - z) / (4 * s)).clamp(-1, 1)], 1)

    def decode(self, f, z, sigma):
        mean, deviation = self.preconditioning["mean"], self.preconditioning["deviation"]
        s = sigma[:, None, None, None]
        total = s * s + deviation * deviation
        m = mean + deviation**2 / total * (z - mean) + s * deviation * torch.rsqrt(total) * f
        grey = 2 / 255
        position = (m + 1) / grey
        nearest = position.round().detach()
        steps = torch.arange(-4, 5, device=z.device, dtype=z.dtype)
        logits = -0.5 * (grey / s[..., None]) ** 2 * ((position - nearest)[..., None] - steps) ** 2
        grid = (nearest + (logits.softmax(-1) * steps).sum(-1)) * grey - 1
        return torch.where(s < 0.75 * grey, grid, m)

    def forward(self, z, sigma):
        """Noisy images [N, colours, H, W], sigma [N]."""
        return self.decode(self.network(self.encode(z, sigma), self.features(sigma)), z, sigma)


def parameters(network):
    """Parameters in the order of Network.swift's parameterSpecs, which a checkpoint's flat layout follows."""
    own = dict(network.named_parameters())
    order = ["level.0", "level.1", "input"]

    def add(name):
        for index in range(len(network.middle)):
            order.extend(f"{name}.{index}.{part}" for part in ("norm", "level", "conv1", "conv2"))

    add("down.0"), order.append("halve.0"), add("down.1"), order.append("halve.1"), add("middle")
    for level in "10":
        order.extend([f"enlarge.{level}", f"merge.{level}"])
        add(f"up.{level}")
    order.extend(["output.norm", "output"])
    named = []
    for name in order:
        for part in ("scale", "shift", "weight", "bias"):
            if f"{name}.{part}" in own:
                named.append((f"{name}.{part}", own[f"{name}.{part}"]))
    assert len(named) == len(own)
    return named


def load(path):
    """The denoiser of a model file."""
    with safe_open(path, "np") as file:
        header = json.loads(file.metadata()["surprisal"])
        denoiser = Denoiser(header["architecture"], header["preconditioning"])
        with torch.no_grad():
            for name, parameter in denoiser.network.named_parameters():
                parameter.copy_(torch.from_numpy(file.get_tensor(f"network.{name}")))
    return denoiser.eval()


def store(path, source, denoiser):
    """The model file `source` with the denoiser's weights in it."""
    with safe_open(source, "np") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    for name, parameter in denoiser.network.named_parameters():
        tensors[f"network.{name}"] = parameter.detach().cpu().numpy()
    save_file(tensors, path, metadata)


def flat(tensors):
    """Tensors as a checkpoint keeps them: each from a multiple of 16 values on."""
    parts = []
    for tensor in tensors:
        values = tensor.detach().float().cpu().numpy().ravel()
        parts.append(np.pad(values, (0, -len(values) % 16)))
    return np.concatenate(parts)


def images(paths):
    """IDX files, plain, .gz or .xz, as [N, colours, H, W] bytes."""
    parts = []
    for path in paths:
        path, _, rows = path.partition("#")
        opener = gzip.open if path.endswith(".gz") else lzma.open if path.endswith(".xz") else open
        with opener(path, "rb") as file:
            data = file.read()
        rank = data[3]
        shape = np.frombuffer(data, ">u4", rank, 4)
        part = np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)
        if rows:
            first, _, last = rows.partition("-")
            part = part[int(first) : int(last or first) + 1]
        parts.append(part[..., None] if rank == 3 else part)
    return torch.from_numpy(np.concatenate(parts)).permute(0, 3, 1, 2)


def compare(arguments):
    with open(arguments.values) as file:
        case = json.load(file)
    denoiser = load(arguments.model)
    shape = case["shape"]
    worst = 0.0
    for row in case["levels"]:
        z = torch.tensor(row["noisy"]).reshape(-1, *shape).permute(0, 3, 1, 2)
        with torch.no_grad():
            found = denoiser(z, torch.full((len(z),), row["sigma"])).permute(0, 2, 3, 1).flatten()
        difference = (found - torch.tensor(row["denoised"])).abs().max().item() / row["sigma"]
        worst = max(worst, difference)
        print(f"sigma {row['sigma']:.4g}: largest difference {difference:.2g} sigma")
    print(f"largest {worst:.2g} sigma")
    return 0 if worst < arguments.most else 1


def train(arguments):
    torch.manual_seed(arguments.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    data = images(arguments.images).to(device)
    count, colours, height, width = data.shape
    values = data.float() / 127.5 - 1
    architecture = {
        "shape": {"height": height, "width": width, "channels": colours}, "width": WIDTHS[arguments.preset],
        "blocks": 2, "embedding": 128, "frequencies": 32,
    }
    preconditioning = {"mean": values.mean().item(), "deviation": values.std(correction=0).item()}
    del values
    denoiser = Denoiser(architecture, preconditioning).to(device)
    named = parameters(denoiser.network)
    for name, p in named:
        if name.endswith(".weight") and p.dim() > 1:
            fan = p[0].numel() if p.dim() == 4 else p.shape[0]
            gain = 0 if name.endswith("conv2.weight") or name == "output.weight" else 2 if "conv1" in name else 1
            nn.init.normal_(p, 0, math.sqrt(gain / fan)) if gain else nn.init.zeros_(p)
        elif name.endswith(".bias"):
            nn.init.zeros_(p)
    weights = [p for _, p in named]
    optimiser = torch.optim.AdamW(weights, lr=1.0, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.01)
    average = [p.detach().clone() for p in weights]
    lower, knee, upper = math.log(0.001), math.log(1.5), math.log(80)
    run = torch.compile(denoiser.network) if arguments.compile else denoiser.network
    for step in range(arguments.steps):
        warm = min(200, max(arguments.steps // 10, 1))
        rate = arguments.rate * (
            (step + 1) / warm if step < warm
            else 0.5 * (1 + math.cos(math.pi * (step - warm) / max(arguments.steps - warm, 1))))
        y = data[torch.randint(count, (arguments.batch,), device=device)].float() / 127.5 - 1
        if arguments.flips:
            mirrored = torch.rand(len(y), device=device) < 0.5
            y = torch.where(mirrored[:, None, None, None], y.flip(-1), y)
        q = (torch.arange(len(y), device=device) + torch.rand(len(y), device=device)) / len(y)
        u = torch.where(q < 0.85, lower + q / 0.85 * (knee - lower), knee + (q - 0.85) / 0.15 * (upper - knee))
        sigma = u.exp()
        s = sigma[:, None, None, None]
        z = y + s * torch.randn_like(y)
        with torch.autocast(device, torch.bfloat16, enabled=arguments.bf16):
            f = run(denoiser.encode(z, sigma), denoiser.features(sigma))
        out = s * preconditioning["deviation"] / (s * s + preconditioning["deviation"] ** 2).sqrt()
        loss = ((denoiser.decode(f.float(), z, sigma) - y) / out).square().mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.step()
        keep = min(arguments.averaging, (step + 1) / (step + 10))
        torch._foreach_lerp_(average, [p.detach() for p in weights], 1 - keep)
        if (step + 1) % 1000 == 0 or step + 1 == arguments.steps:
            print(f"step {step + 1} of {arguments.steps}, loss {loss.item():.4f}", flush=True)
    moments = [optimiser.state[p] for p in weights]
    facts = {
        "architecture": architecture, "preconditioning": preconditioning, "step": arguments.steps,
        "options": {
            "batch": arguments.batch, "steps": arguments.steps, "learningRate": arguments.rate, "warmup": 200,
            "weightDecay": 0.01, "averaging": arguments.averaging, "clip": 1, "flips": arguments.flips,
            "seed": arguments.seed, "precision": "f32",
        },
    }
    save_file(
        {
            "values": flat(weights), "average": flat(average),
            "first": flat([m["exp_avg"] for m in moments]), "second": flat([m["exp_avg_sq"] for m in moments]),
        },
        arguments.output, {"surprisal.checkpoint": json.dumps(facts)})
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("compare")
    one.add_argument("model")
    one.add_argument("values")
    one.add_argument("--most", type=float, default=1e-3)
    one.set_defaults(run=compare)
    two = commands.add_parser("train")
    two.add_argument("images", nargs="+")
    two.add_argument("--preset", default="small", choices=WIDTHS)
    two.add_argument("--steps", type=int, default=20000)
    two.add_argument("--batch", type=int, default=128)
    two.add_argument("--rate", type=float, default=1.5e-3)
    two.add_argument("--averaging", type=float, default=0.999)
    two.add_argument("--seed", type=int, default=1)
    two.add_argument("--flips", action="store_true")
    two.add_argument("--bf16", action="store_true")
    two.add_argument("--compile", action="store_true")
    two.add_argument("--output", default="twin.checkpoint")
    two.set_defaults(run=train)
    chosen = parser.parse_args()
    raise SystemExit(chosen.run(chosen))
