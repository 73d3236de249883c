"""A folder of JPEGs from files to scores: `surprisal scan` beside the same in Python (Pillow, PyTorch, twin.py).

    python end_to_end.py SURPRISAL MODEL IMAGES [--count 10000] [--evaluations 16] [--threads 2] [--precisions f32 bf16]

IMAGES is an IDX file whose images are written as JPEGs first. The Python side decodes, denoises at as many noise levels
with as many draws and adds up the errors; it computes no control variate, statistic, p-value or report. bf16 is autocast there.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time


def pipeline(model, folder, evaluations, threads, precision):
    import numpy as np
    import torch
    from PIL import Image
    from twin import load

    torch.set_num_threads(threads)
    denoiser = load(model).to(memory_format=torch.channels_last)
    shape = denoiser.architecture["shape"]
    mode = "L" if shape["channels"] == 1 else "RGB"
    paths = sorted(os.path.join(folder, name) for name in os.listdir(folder))
    sigmas = np.geomspace(0.002, 20, evaluations // 2).repeat(2)
    scores = []
    for start in range(0, len(paths), 32):
        batch = []
        for path in paths[start : start + 32]:
            image = Image.open(path)
            image.draft(mode, (shape["width"], shape["height"]))
            image = image.convert(mode).resize((shape["width"], shape["height"]), Image.BOX)
            batch.append(np.asarray(image, np.float32).reshape(shape["height"], shape["width"], -1))
        y = torch.from_numpy(np.stack(batch)).permute(0, 3, 1, 2) / 127.5 - 1
        total = torch.zeros(len(y))
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            for seed, sigma in enumerate(sigmas):
                noise = torch.randn(y.shape[1:], generator=torch.Generator().manual_seed(seed))
                s = torch.full((len(y),), float(sigma))
                found = denoiser((y + sigma * noise).contiguous(memory_format=torch.channels_last), s)
                total += ((found - y) / sigma).square().mean((1, 2, 3))
        scores += total.tolist()
        if start == 0:
            print(f"first {time.time() - STARTED:.2f}", flush=True)
    return len(scores)


def timed(command):
    """Seconds, peak kilobytes and output of a process."""
    start = time.time()
    done = subprocess.run([sys.executable, "-c", MEASURE, *command], capture_output=True, text=True, check=True)
    return time.time() - start, int(done.stdout.strip().splitlines()[-1]), done.stdout


# Runs a command and prints its peak memory in kilobytes last.
MEASURE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("surprisal")
    parser.add_argument("model")
    parser.add_argument("images")
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--evaluations", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precisions", nargs="+", default=["f32", "bf16"], choices=["f32", "bf16"])
    a = parser.parse_args()
    from PIL import Image
    from twin import images

    with tempfile.TemporaryDirectory() as folder:
        for index, image in enumerate(images([a.images])[: a.count].permute(0, 2, 3, 1).numpy()):
            picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
            picture.resize((4 * picture.width, 4 * picture.height)).save(f"{folder}/{index:05}.jpg", quality=90)
        count = len(os.listdir(folder))
        print(f"{count} JPEGs, {a.evaluations} evaluations, {a.threads} threads")
        for precision in a.precisions:
            ours = [a.surprisal, "scan", folder, "--no-cache", "--model", a.model, "--evaluations", str(a.evaluations), "--threads",
                    str(a.threads), "--precision", precision, "--format", "jsonl", "--quiet"]
            theirs = [sys.executable, __file__, "run", a.model, folder, str(a.evaluations), str(a.threads), precision]
            first = f"{folder}/00000.jpg"
            starts = sorted(timed(ours[:2] + [first] + ours[3:])[0] for _ in range(5))
            seconds, memory, _ = timed(ours)
            other, other_memory, output = timed(theirs)
            begun = float(output.split("first ")[1].split()[0])
            print(f"{precision}\nsurprisal  {count / seconds:7.1f} images/s, {memory / 1024:6.0f} MB, "
                  f"one image in {starts[2]:.2f} s")
            print(f"Python     {count / other:7.1f} images/s, {other_memory / 1024:6.0f} MB, "
                  f"first batch after {begun:.2f} s")
            print(f"ratio      {other / seconds:.2f} in speed, {memory / other_memory:.2f} in memory", flush=True)


if __name__ == "__main__":
    STARTED = time.time()
    if sys.argv[1:2] == ["run"]:
        _, _, model, folder, evaluations, threads, precision = sys.argv
        pipeline(model, folder, int(evaluations), int(threads), precision)
    else:
        main()
