"""Trains the general network `photos` on one GPU: denoising, and beside it telling one thing's views from others'.

    python train.py SOURCES.zip --minutes 8 --output photos.checkpoint      SOURCES as sources.py packs them

The network, its preconditioning and its files are those of Benchmarks/peers/twin.py, so
`surprisal train IMAGES --resume photos.checkpoint` (IMAGES by crops.py) surveys and calibrates it: no step is left. The
heads below are thrown away.

Every step is of two batches, every fourth at 64 pixels instead of 32. One is denoised as Trainer.swift does: crops of photographs at scales from the grain of
their own pixels to the whole picture, and stamps laid on them. The other holds two views of each of many things (a
stamp, or a window of a photograph): other surroundings, place, size, colours, a quarter turn, noise. A head on the
middle's activations, pooled to mean and deviation over place, must find a view's partner among all others
(normalised-temperature cross-entropy, Chen et al. 2020) and tell the turn (Gidaris et al. 2018). Pooled activations
are what a population is fitted on, so they are what should know things apart.
"""

import argparse
import io
import json
import math
import pathlib
import shutil
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors import safe_open
from safetensors.numpy import save_file
from torch import nn

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "Benchmarks" / "peers")]
from sources import shares  # noqa: E402
from twin import WIDTHS, Denoiser, flat, parameters  # noqa: E402

CANVAS = 160
STEP = 2**0.5
# Shares of a denoised batch's crops.
KINDS = {"whole": 0.6, "window": 0.2, "damaged": 0.1, "squashed": 0.1}


class Sources:
    """All photographs at all scales on the GPU, and the stamps; crops and views drawn from them."""

    def __init__(self, path, device, held_out, limit=None):
        self.device = device
        with zipfile.ZipFile(path) as file:
            record = [r for r in json.loads(file.read("record.json")) if r["held_out"] == held_out][:limit]
            with ThreadPoolExecutor(8) as threads:
                pixels = list(threads.map(lambda b: np.asarray(Image.open(io.BytesIO(b))),
                                          [file.read(r["file"]) for r in record]))
        self.sizes, self.kinds, self.photo, pieces = [], [], [], []
        first, count = [], []
        stamps, folders = [], []
        for row, image in zip(record, pixels):
            if row["kind"] == "stamp":
                canvas = np.zeros((CANVAS, CANVAS, 4), np.uint8)
                y, x = (CANVAS - image.shape[0]) // 2, (CANVAS - image.shape[1]) // 2
                canvas[y:y + image.shape[0], x:x + image.shape[1]] = image
                stamps.append(canvas)
                folders.append("/".join(row["source"].split("/")[:3][:-1]))
                continue
            image = image if image.ndim == 3 else np.repeat(image[..., None], 3, 2)
            whole = torch.from_numpy(image.copy()).to(device).float()
            first.append(len(self.sizes))
            side, scale = min(image.shape[:2]), 1.0
            shapes = []
            while side / scale >= 32:
                shapes.append((round(image.shape[0] / scale), round(image.shape[1] / scale)))
                scale *= STEP
            count.append(len(shapes))
            squares = [(s, s) for s in (32, 64) if row["kind"] == "whole" and side >= s]
            for shape in shapes + squares:
                pieces.append(self.resized(whole, shape).reshape(-1, 3))
                self.sizes.append(shape)
                self.kinds.append("squashed" if shape in squares and shape not in shapes else row["kind"])
                self.photo.append(len(first) - 1)
        self.pixels = torch.cat(pieces)
        lengths = torch.tensor([len(p) for p in pieces])
        self.start = (lengths.cumsum(0) - lengths).to(device)
        self.size = torch.tensor(self.sizes, device=device)
        self.first, self.count = (torch.tensor(v, device=device) for v in (first, count))
        self.stamps = torch.from_numpy(np.stack(stamps)).permute(0, 3, 1, 2).to(device).float() / 255
        names = sorted(set(folders))
        self.folder = torch.tensor([names.index(f) for f in folders], device=device)
        self.folders = len(names)
        self.weights = {s: self.crop_weights(s) for s in (32, 64)}

    def resized(self, whole, shape):
        height, width = (torch.from_numpy(shares(a, b)).to(self.device) for a, b in zip(whole.shape[:2], shape))
        across = torch.einsum("xw,hwc->hxc", width, whole)
        return torch.einsum("yh,hxc->yxc", height, across).round().clamp(0, 255).byte()

    def crop_weights(self, side):
        """Of each scale of each photograph, cumulated: photographs of a kind alike, and a photograph's scales alike."""
        weights = np.zeros(len(self.sizes))
        for kind, share in KINDS.items():
            rows = [i for i, (k, s) in enumerate(zip(self.kinds, self.sizes)) if k == kind
                    and (s == (side, side) if kind == "squashed" else min(s) >= side)]
            scales = np.bincount([self.photo[i] for i in rows], minlength=len(self.first))
            for i in rows:
                weights[i] = share / scales[self.photo[i]] / np.count_nonzero(scales)
        return torch.tensor(weights.cumsum(), device=self.device)

    def uniform(self, count, low=0.0, high=1.0):
        return low + (high - low) * torch.rand(count, device=self.device)

    def crops(self, count, side):
        """[count, 3, side, side], 0...255: pixels of photographs as they are at some scale."""
        sums = self.weights[side]
        level = torch.searchsorted(sums, torch.rand(count, device=self.device, dtype=sums.dtype) * sums[-1])
        size = self.size[level]
        corner = (torch.rand(count, 2, device=self.device) * (size - side + 1)).long()
        along = torch.arange(side, device=self.device)
        y, x = corner[:, :1] + along, corner[:, 1:] + along
        index = self.start[level, None, None] + y[:, :, None] * size[:, 1, None, None] + x[:, None, :]
        return self.pixels[index].permute(0, 3, 1, 2).float()

    def windows(self, count, side):
        """Squares of photographs: (photograph, centre, side length), all in pixels of its largest scale."""
        photo = torch.randint(len(self.first), (count,), device=self.device)
        size = self.size[self.first[photo]].float()
        shorter = size.amin(1)
        least = torch.minimum(shorter, torch.full_like(shorter, 1.25 * side))
        length = (torch.log(least) + self.uniform(count) * torch.log(shorter / least)).exp()
        centre = length[:, None] / 2 + torch.rand(count, 2, device=self.device) * (size - length[:, None])
        return photo, centre, length

    def views(self, windows, side, least=0.25):
        """A random part of each window, of other aspect, [count, 3, side, side]."""
        photo, centre, length = windows
        count = len(photo)
        share = self.uniform(count, least, 1).sqrt()
        aspect = (self.uniform(count, -1, 1) * math.log(4 / 3) / 2).exp()
        shape = torch.stack([share * aspect, share / aspect], 1).clamp(max=1) * length[:, None]
        corner = centre - length[:, None] / 2 + torch.rand_like(shape) * (length[:, None] - shape)
        scale = (torch.log(shape.prod(1).sqrt() / (1.2 * side)) / math.log(STEP)).floor().long()
        level = self.first[photo] + torch.minimum(scale.clamp(min=0), self.count[photo] - 1)
        size = self.size[level]
        factor = size.float() / self.size[self.first[photo]]
        along = (torch.arange(2 * side, device=self.device) + 0.5) / (2 * side)
        at = (corner * factor)[..., None] + (shape * factor)[..., None] * along - 0.5
        low = at.floor()
        part = (at - low)[:, :, None]
        limit = (size - 1)[..., None]
        low = low.long().clamp(min=0)
        ends = [torch.minimum(low + k, limit) for k in (0, 1)]
        total = 0
        for ky, wy in ((0, 1 - part), (1, part)):
            for kx, wx in ((0, 1 - part), (1, part)):
                index = self.start[level, None, None] + ends[ky][:, 0, :, None] * size[:, 1, None, None]
                index = index + ends[kx][:, 1, None, :]
                weight = wy[:, 0].transpose(1, 2) * wx[:, 1]
                total = total + self.pixels[index].float() * weight[..., None]
        return F.avg_pool2d(total.permute(0, 3, 1, 2), 2)

    def grounds(self, count, side):
        """What stamps are laid on: views of photographs, one in four plain."""
        ground = self.views(self.windows(count, side), side)
        plain = torch.rand(count, 3, 1, 1, device=self.device) * 255
        extreme = (self.uniform(count) < 0.5)[:, None, None, None]
        plain = torch.where(extreme, (plain[:, :1] > 128) * 255.0, plain)
        return torch.where((self.uniform(count) < 0.25)[:, None, None, None], plain, ground)

    def laid(self, stamp, ground, side, tilt=0.25):
        """Stamps by index on their grounds, at random place, size and small tilt."""
        count = len(stamp)
        angle = self.uniform(count, -tilt, tilt)
        scale = 1 / self.uniform(count, 0.5, 1.15)
        aspect = (self.uniform(count, -1, 1) * 0.15).exp()
        cos, sin = angle.cos() * scale, angle.sin() * scale
        shift = self.uniform((count, 2), -0.35, 0.35)
        rows = torch.stack([
            torch.stack([cos * aspect, -sin, shift[:, 0]], 1), torch.stack([sin, cos / aspect, shift[:, 1]], 1)], 1)
        fine = max(128 // side, 2)
        grid = F.affine_grid(rows, (count, 4, fine * side, fine * side), align_corners=False)
        layer = F.avg_pool2d(F.grid_sample(self.stamps[stamp], grid, align_corners=False), fine)
        return ground * (1 - layer[:, 3:]) + 255 * layer[:, :3]

    def altered(self, x, strength=1.0):
        """Mirrored, other brightness, contrast, saturation and hue, sometimes gray or blurred; 8 bits again."""
        count = len(x)

        def each(low, high):
            return self.uniform((count, 1, 1, 1), low, high)

        def sometimes(share, changed, x):
            return torch.where(self.uniform((count, 1, 1, 1)) < share, changed, x)

        x = sometimes(0.5, x.flip(-1), x)
        gray = 0.299 * x[:, :1] + 0.587 * x[:, 1:2] + 0.114 * x[:, 2:]
        turned = (x - gray).roll(1, 1)
        change = 0.4 * strength
        other = (gray + (x - gray) * each(1 - 1.5 * change, 1 + 1.5 * change)
                 + turned * each(-0.3 * strength, 0.3 * strength))
        mean = gray.mean((2, 3), keepdim=True)
        other = (mean + (other - mean) * each(1 - change, 1 + change)) * each(1 - change, 1 + change)
        x = sometimes(0.8, other, x)
        x = sometimes(0.12, gray.expand_as(x), x)
        blurred = F.avg_pool2d(F.pad(x, (1, 1, 1, 1), "replicate"), 3, 1)
        x = sometimes(0.2, x + (blurred - x) * each(0.2, 1), x)
        return x.round().clamp(0, 255)

    def clean(self, count, side):
        """Images to denoise, -1...1: crops as they are, mildly altered ones, stamps."""
        laid = count * 3 // 10
        stamp = torch.randint(len(self.stamps), (laid,), device=self.device)
        x = torch.cat([self.crops(count - laid, side), self.laid(stamp, self.grounds(laid, side), side)])
        # Stamps come last: they and a quarter of the crops are altered.
        some = count - laid - (count - laid) // 4
        x = torch.cat([x[:some], self.altered(x[some:], 0.5)])
        mirrored = self.uniform((count, 1, 1, 1)) < 0.5
        return torch.where(mirrored, x.flip(-1), x).round().clamp(0, 255) / 127.5 - 1

    def pairs(self, count, side):
        """Two views of each of `count` things.

        Returns views [2 count, 3, side, side], the thing of each [2 count], what it is part of (of the same photograph
        neither partners nor strangers), its quarter turns, and its folder (-1 for photographs).
        """
        half = count // 2
        stamp = torch.randint(len(self.stamps), (half,), device=self.device)
        windows = self.windows(count - half, side)
        turn = (self.uniform(count) - 0.4).div(0.2).ceil().clamp(0, 3).long()
        ground = self.grounds(half, side)
        same = (self.uniform(half) < 0.3)[:, None, None, None]
        views = []
        for _ in range(2):
            laid = self.laid(stamp, torch.where(same, ground, self.grounds(half, side)), side)
            x = self.altered(torch.cat([laid, self.views(windows, side)]))
            turned = torch.stack([x.rot90(k, (2, 3)) for k in range(4)])
            views.append(turned[turn, torch.arange(count, device=self.device)])
        part = torch.cat([stamp, len(self.stamps) + windows[0]])
        thing = torch.cat([stamp, len(self.stamps) + torch.arange(count - half, device=self.device)]) * 4 + turn
        folder = torch.cat([self.folder[stamp], torch.full_like(windows[0], -1)])
        return torch.cat(views) / 127.5 - 1, thing.repeat(2), part.repeat(2), turn.repeat(2), folder.repeat(2)


def pooled(x):
    """Mean and deviation over place, [N, 2 C]."""
    x = x.float()
    return torch.cat([x.mean((2, 3)), x.var((2, 3), correction=0).add(1e-5).sqrt()], 1)


class Joint(nn.Module):
    """The denoiser and its heads."""

    def __init__(self, denoiser, width, folders):
        super().__init__()
        self.denoiser = denoiser
        inside = 8 * width
        self.norm = nn.LayerNorm(inside)
        self.project = nn.Sequential(nn.Linear(inside, 512), nn.SiLU(), nn.Linear(512, 128))
        self.turn = nn.Linear(inside, 4)
        self.folder = nn.Linear(inside, folders)

    def middle(self, z, sigma):
        """Pooled activations of the network's middle."""
        net = self.denoiser.network
        level = F.silu(net.level[1](F.silu(net.level[0](self.denoiser.features(sigma)))))
        x = net.input(self.denoiser.encode(z, sigma))
        for blocks, halve in ((net.down["0"], net.halve["0"]), (net.down["1"], net.halve["1"])):
            for block in blocks:
                x = block(x, level)
            x = halve(x)
        for block in net.middle:
            x = block(x, level)
        return pooled(x)

    def denoising(self, y, sigma, noise):
        """Trainer.swift's loss of each image."""
        s = sigma[:, None, None, None]
        z = y + s * noise
        f = self.denoiser.network(self.denoiser.encode(z, sigma), self.denoiser.features(sigma))
        deviation = self.denoiser.preconditioning["deviation"]
        out = s * deviation / (s * s + deviation**2).sqrt()
        return ((self.denoiser.decode(f.float(), z, sigma) - y) / out).square().mean((1, 2, 3))

    def heads(self, y, sigma, noise):
        inside = self.norm(self.middle(y + sigma[:, None, None, None] * noise, sigma))
        return F.normalize(self.project(inside).float(), dim=1), self.turn(inside).float(), self.folder(inside).float()

    def telling_apart(self, y, sigma, noise, thing, part, turn, folder, temperature, labels):
        codes, turns, folders = self.heads(y, sigma, noise)
        itself = torch.eye(len(y), dtype=torch.bool, device=y.device)
        partner = (thing[:, None] == thing) & ~itself
        ignored = itself | ((part[:, None] == part) & ~partner & (folder < 0))
        likeness = (codes @ codes.T / temperature).masked_fill(ignored, -1e4)
        log_share = likeness - likeness.logsumexp(1, keepdim=True)
        contrast = -(log_share * partner).sum(1) / partner.sum(1)
        loss = contrast.mean() + 0.5 * F.cross_entropy(turns, turn)
        if labels:
            loss = loss + labels * F.cross_entropy(folders, folder, ignore_index=-1)
        return loss


def noise_levels(count, device):
    lower, knee, upper = math.log(0.001), math.log(1.5), math.log(80)
    q = (torch.arange(count, device=device) + torch.rand(count, device=device)) / count
    return torch.where(
        q < 0.85, lower + q / 0.85 * (knee - lower), knee + (q - 0.85) / 0.15 * (upper - knee)).exp()


def initialise(network):
    for name, p in parameters(network):
        if name.endswith(".weight") and p.dim() > 1:
            fan = p[0].numel() if p.dim() == 4 else p.shape[0]
            gain = 0 if name.endswith("conv2.weight") or name == "output.weight" else 2 if "conv1" in name else 1
            nn.init.normal_(p, 0, math.sqrt(gain / fan)) if gain else nn.init.zeros_(p)
        elif name.endswith(".bias"):
            nn.init.zeros_(p)


def fresh(preset, sources):
    """A denoiser as training starts it."""
    sample = torch.cat([sources.clean(1024, 32) for _ in range(4)])
    architecture = {
        "shape": {"height": 32, "width": 32, "channels": 3}, "width": WIDTHS[preset],
        "blocks": 2, "embedding": 128, "frequencies": 32,
    }
    denoiser = Denoiser(architecture, {"mean": sample.mean().item(), "deviation": sample.std(correction=0).item()})
    initialise(denoiser.network)
    return denoiser


def loaded(path):
    """The denoiser of a checkpoint, with its averaged weights."""
    with safe_open(path, "np") as file:
        facts, average = json.loads(file.metadata()["surprisal.checkpoint"]), file.get_tensor("average")
    denoiser = Denoiser(facts["architecture"], facts["preconditioning"])
    at = 0
    with torch.no_grad():
        for _, p in parameters(denoiser.network):
            p.copy_(torch.from_numpy(average[at:at + p.numel()]).reshape(p.shape))
            at += -(-p.numel() // 16) * 16
    return denoiser


def held_out_loss(joint, sources, side, count):
    """Mean denoising loss on photographs never trained on; the same crops, levels and noise each time."""
    state = torch.get_rng_state(), torch.cuda.get_rng_state() if torch.cuda.is_available() else None
    torch.manual_seed(7)
    total = 0.0
    with torch.no_grad():
        for _ in range(8):
            y = sources.clean(count // 8, side)
            total += joint.denoising(y, noise_levels(len(y), y.device), torch.randn_like(y)).mean().item() / 8
    torch.set_rng_state(state[0])
    if state[1] is not None:
        torch.cuda.set_rng_state(state[1])
    return total


def recorded(advance, size):
    """The step as one CUDA graph: its thousand small kernels take the GPU less time than the launching of them."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            advance(*size)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        losses = advance(*size)

    def replay():
        graph.replay()
        return losses

    return replay


def train(arguments, sources=None, unseen=None):
    """Returns the denoiser with averaged weights; writes the checkpoint when `output` is given."""
    torch.manual_seed(arguments.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    started = time.time()
    sources = sources or Sources(arguments.sources, device, False, arguments.limit)
    unseen = unseen or Sources(arguments.sources, device, True, arguments.limit)
    print(f"{len(sources.first)} photographs, {len(sources.stamps)} stamps of {sources.folders} folders, "
          f"{sources.pixels.numel() / 1e6:.0f} M values, after {time.time() - started:.0f} s", flush=True)
    denoiser = loaded(arguments.start) if arguments.start else fresh(arguments.preset, sources)
    joint = Joint(denoiser, denoiser.architecture["width"], sources.folders)
    joint = joint.to(device, memory_format=torch.channels_last)
    weights = [p for _, p in parameters(denoiser.network)]
    heads = [p for n, p in joint.named_parameters() if not n.startswith("denoiser.")]
    rate, moved = torch.zeros((), device=device), torch.zeros((), device=device)
    optimiser = torch.optim.AdamW(weights + heads, lr=rate, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.01,
                                  fused=device == "cuda", capturable=device == "cuda")
    average = [p.detach().clone() for p in weights]

    def advance(side, batch, things):
        """One step; returns its two losses."""
        y = sources.clean(batch, side).contiguous(memory_format=torch.channels_last)
        views, *facts = sources.pairs(things, side)
        views = views.contiguous(memory_format=torch.channels_last)
        sigma = (math.log(0.03) + sources.uniform(2 * things) * math.log(0.8 / 0.03)).exp()
        # Half of the views are clean, though told a level: a population is fitted on clean images.
        noise = torch.randn_like(views) * (sources.uniform((2 * things, 1, 1, 1)) < 0.5)
        with torch.autocast(device, torch.bfloat16, cache_enabled=False):
            denoised = joint.denoising(y, noise_levels(batch, device), torch.randn_like(y)).mean()
            apart = joint.telling_apart(views, sigma, noise, *facts, arguments.temperature,
                                        arguments.labels) if arguments.weight else denoised.detach()
            loss = denoised + arguments.weight * apart
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        with torch.no_grad():
            change = torch._foreach_sub(weights, average)
            torch._foreach_mul_(change, moved)
            torch._foreach_add_(average, change)
        return denoised.detach(), apart.detach()

    sizes = [(32, arguments.batch, arguments.things), (64, arguments.batch // 4, arguments.things // 4)]
    steps = [recorded(advance, size) if device == "cuda" else lambda size=size: advance(*size) for size in sizes]
    step, share, clock = 0, 0.0, time.time()
    while share < 1:
        rate.fill_(arguments.rate * min((step + 1) / 200, 0.5 * (1 + math.cos(math.pi * share))))
        step += 1
        moved.fill_(1 - min(arguments.averaging, step / (step + 9)))
        denoised, apart = steps[step % 4 == 0]()
        if step % 20 == 0 or arguments.steps:
            if device == "cuda":
                torch.cuda.synchronize()
            share = step / arguments.steps if arguments.steps else (time.time() - clock) / (60 * arguments.minutes)
        if step % min(arguments.every, 500) == 0 or share >= 1:
            print(f"step {step} ({share:.0%}, {step / (time.time() - clock):.1f} a second): "
                  f"denoising {denoised.item():.4f}, telling apart {apart.item():.3f}", flush=True)
        if arguments.output and step % arguments.every == 0:
            save(arguments, denoiser, weights, average, optimiser, step)
            if arguments.keep:
                shutil.copyfile(arguments.output, f"{arguments.output}.{step}")
    if arguments.output:
        save(arguments, denoiser, weights, average, optimiser, step)
    with torch.no_grad():
        for p, mean in zip(weights, average):
            p.copy_(mean)
    joint.eval()
    for side in (32, 64):
        print(f"held-out denoising loss at {side}: {held_out_loss(joint, unseen, side, arguments.check):.5f}", flush=True)
    return denoiser


def save(arguments, denoiser, weights, average, optimiser, step):
    moments = [optimiser.state[p] for p in weights]
    facts = {
        "architecture": denoiser.architecture, "preconditioning": denoiser.preconditioning, "step": step,
        "options": {
            "batch": 32, "steps": step, "learningRate": arguments.rate, "warmup": 200, "weightDecay": 0.01,
            "averaging": arguments.averaging, "clip": 1, "flips": True, "seed": arguments.seed, "precision": "f32",
        },
    }
    tensors = {"values": weights, "average": average, "first": [m["exp_avg"] for m in moments],
               "second": [m["exp_avg_sq"] for m in moments]}
    save_file({name: flat(part) for name, part in tensors.items()}, arguments.output,
              {"surprisal.checkpoint": json.dumps(facts)})


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources")
    parser.add_argument("--preset", default="small", choices=WIDTHS)
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--steps", type=int, default=0, help="instead of minutes")
    parser.add_argument("--batch", type=int, default=384)
    parser.add_argument("--things", type=int, default=256)
    parser.add_argument("--weight", type=float, default=0.1, help="of telling apart, beside denoising")
    parser.add_argument("--labels", type=float, default=0.0, help="of telling a stamp's folder")
    parser.add_argument("--temperature", type=float, default=0.2)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--averaging", type=float, default=0.999)
    parser.add_argument("--check", type=int, default=4096, help="held-out images")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", help="a checkpoint whose averaged weights to start from")
    parser.add_argument("--every", type=int, default=2000, help="steps between checkpoints")
    parser.add_argument("--keep", action="store_true", help="all of them, as OUTPUT.STEP, for mix.py")
    parser.add_argument("--output")
    return parser


if __name__ == "__main__":
    train(options().parse_args())
