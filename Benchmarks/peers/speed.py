"""The network's pace in our engine and in others, side by side: each in a process of its own, in turn, medians.

    python speed.py BENCH [--presets small base] [--batches 1 32] [--threads 1 2] [--rounds 3] [--skip compiled]

BENCH is our bench binary. Peers: PyTorch eager, channels-last, bfloat16, compiled; ONNX Runtime and OpenVINO on the exported
twin (twin.py). All run the same network on the same sizes; nobody prepares inputs or reads outputs inside the timing.
"""

import argparse
import io
import statistics
import subprocess
import sys
import time

SIZE, COLOURS = 32, 3


def architecture(preset):
    from twin import WIDTHS

    shape = {"height": SIZE, "width": SIZE, "channels": COLOURS}
    return {"shape": shape, "width": WIDTHS[preset], "blocks": 2, "embedding": 128, "frequencies": 32}


def network(preset):
    import torch
    from twin import Denoiser

    torch.manual_seed(1)
    denoiser = Denoiser(architecture(preset), {"mean": 0.0, "deviation": 0.5})
    for parameter in denoiser.network.parameters():
        torch.nn.init.normal_(parameter, 0, 0.05)
    return denoiser


def operations(preset):
    """Multiplications and additions of one image's convolutions."""
    import torch

    total = 0

    def count(module, _, output):
        nonlocal total
        total += 2 * output[0].numel() * module.weight[0].numel()

    net = network(preset).network
    hooks = [m.register_forward_hook(count) for m in net.modules() if isinstance(m, torch.nn.Conv2d)]
    with torch.no_grad():
        net(torch.zeros(1, 3 * COLOURS, SIZE, SIZE), torch.zeros(1, 64))
    for hook in hooks:
        hook.remove()
    return total


def pace(step, batch, seconds=3.0):
    """Images a second, from the median step."""
    for _ in range(3):
        step()
    times = []
    while sum(times) < seconds:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return batch / statistics.median(times)


def inference(kind, preset, batch, threads):
    import torch

    torch.set_num_threads(threads)
    net = network(preset).network.eval()
    x, features = torch.randn(batch, 3 * COLOURS, SIZE, SIZE), torch.randn(1, 64)
    if kind in ("onnx", "openvino", "openvino-bf16"):
        import onnx  # noqa: F401, what the exporter needs

        model = io.BytesIO()
        torch.onnx.export(net, (x, features), model, input_names=["x", "features"], output_names=["f"], dynamo=False)
        if kind == "onnx":
            import onnxruntime

            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads
            session = onnxruntime.InferenceSession(model.getvalue(), options, ["CPUExecutionProvider"])
            feed = {"x": x.numpy(), "features": features.numpy()}
            return pace(lambda: session.run(None, feed), batch)
        import openvino

        core = openvino.Core()
        hint = "bf16" if kind.endswith("bf16") else "f32"
        compiled = core.compile_model(
            core.read_model(io.BytesIO(model.getvalue())), "CPU",
            {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": hint, "PERFORMANCE_HINT": "LATENCY"})
        request = compiled.create_infer_request()
        feed = {"x": x.numpy(), "features": features.numpy()}
        return pace(lambda: request.infer(feed), batch)
    if "last" in kind or "bf16" in kind or "compiled" in kind:
        net, x = net.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    if "compiled" in kind:
        net = torch.compile(net)

    def step():
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled="bf16" in kind):
            net(x, features)

    return pace(step, batch)


def training(kind, preset, batch, threads):
    import torch

    torch.set_num_threads(threads)
    denoiser = network(preset).train()
    net = denoiser.network
    if "last" in kind or "bf16" in kind:
        net = net.to(memory_format=torch.channels_last)
    weights = list(net.parameters())
    optimiser = torch.optim.AdamW(weights, lr=1e-4, betas=(0.9, 0.99), fused=True)
    average = [p.detach().clone() for p in weights]
    data = torch.randint(0, 256, (256, COLOURS, SIZE, SIZE), dtype=torch.uint8)

    def step():
        y = data[torch.randint(len(data), (batch,))].float() / 127.5 - 1
        sigma = (torch.rand(batch) * 11.3 - 6.9).exp()
        s = sigma[:, None, None, None]
        z = y + s * torch.randn_like(y)
        x = denoiser.encode(z, sigma)
        if "last" in kind or "bf16" in kind:
            x = x.to(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled="bf16" in kind):
            f = net(x, denoiser.features(sigma))
        out = s * 0.5 / (s * s + 0.25).sqrt()
        loss = ((denoiser.decode(f.float(), z, sigma) - y) / out).square().mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        torch._foreach_lerp_(average, [p.detach() for p in weights], 0.001)

    return pace(step, batch)


INFERENCE = {
    "f32": ["torch", "torch-last", "torch-compiled", "onnx", "openvino"],
    "bf16": ["torch-bf16", "torch-compiled-bf16", "openvino-bf16"],
}
TRAINING = {"f32": ["torch", "torch-last"], "bf16": ["torch-bf16"]}


def measured(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        print(f"  {' '.join(command)}: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return [float(word) for word in done.stdout.split()[-3:]]


def versions():
    import importlib.metadata as metadata

    names = ["torch", "onnxruntime", "openvino"]
    return ", ".join(f"{name} {metadata.version(name)}" for name in names)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("--presets", nargs="+", default=["small", "base"])
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 32])
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--skip", nargs="*", default=[])
    parser.add_argument("--no-training", action="store_true")
    arguments = parser.parse_args()
    print(versions())
    work = {preset: operations(preset) for preset in arguments.presets}

    def others(kinds, mode, preset, batch, threads):
        return {
            kind: [sys.executable, __file__, "run", mode, kind, preset, str(batch), str(threads)]
            for kind in kinds if not any(word in kind for word in arguments.skip)
        }

    cases = [(p, b, t, "inference") for p in arguments.presets for b in arguments.batches for t in arguments.threads]
    if not arguments.no_training:
        cases += [(p, 32, max(arguments.threads), "training") for p in arguments.presets]
    for preset, batch, threads, mode in cases:
        table = INFERENCE if mode == "inference" else TRAINING
        for precision, kinds in table.items():
            ours = [
                arguments.bench, "speed", "--preset", preset, "--batch", str(batch), "--threads", str(threads),
                "--precision", precision] + (["--training"] if mode == "training" else [])
            commands = {"ours": ours, **others(kinds, mode, preset, batch, threads)}
            roof = [arguments.bench, "roofline", "--threads", str(threads)]
            found, peaks = {name: [] for name in commands}, []
            for _ in range(arguments.rounds):
                peaks.append(measured(roof))
                for name, command in commands.items():
                    value = measured(command)
                    if value:
                        found[name].append(value[-1])
            rates = {name: statistics.median(values) for name, values in found.items() if values}
            if "ours" not in rates:
                continue
            own = rates.pop("ours")
            peak = statistics.median(row[0 if precision == "f32" else 1] for row in peaks)
            passes = own * work[preset] / 1e9 * (3 if mode == "training" else 1)
            print(f"\n{mode}, {preset} ({work[preset] / 1e9:.2f} GFLOP an image), batch {batch}, {threads} threads, {precision}")
            print(f"  ours {own:8.1f} images/s, {passes:.0f} GFLOP/s, {100 * passes / peak:.0f} % of the roofline {peak:.0f}")
            for name, rate in sorted(rates.items(), key=lambda item: -item[1]):
                print(f"  {name:20s} {rate:8.1f} images/s; ours is {own / rate:.2f} x", flush=True)
    bandwidth = statistics.median(row[2] for row in peaks)
    print(f"\nmemory bandwidth {bandwidth:.1f} GB/s")


if __name__ == "__main__":
    if sys.argv[1:2] == ["run"]:
        mode, kind, preset, batch, threads = sys.argv[2:]
        run = inference if mode == "inference" else training
        print(f"{run(kind, preset, int(batch), int(threads)):.3f}")
    else:
        main()
