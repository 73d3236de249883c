"""What the cache is worth, and that nothing is lost by it: `surprisal scan` of files cold, warm, and with 1 % of them new; and killed.

    cache.py speed SURPRISAL MODEL IMAGES OTHERS [--count N]
    cache.py kill  SURPRISAL MODEL IMAGES [--count N] [--rounds N]

IMAGES and OTHERS are IDX files, which are written out as PNG files first. Every run's records are compared with those of --no-cache, byte by byte.
Times are the process's own on all cores (user and system), as other programs may share the machine; wall-clock times stand beside.
"""
import argparse
import gzip
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from PIL import Image


def write(idx, folder, count, first=0):
    data = gzip.open(idx.split("#")[0]).read()
    height, width = (int.from_bytes(data[at:at + 4], "big") for at in (8, 12))
    for index in range(first, first + count):
        place = os.path.join(folder, str(index // 1000))
        os.makedirs(place, exist_ok=True)
        pixels = data[16 + index * height * width:16 + (index + 1) * height * width]
        Image.frombytes("L", (width, height), pixels).save(os.path.join(place, f"{index:05d}.png"))


class Scans:
    def __init__(self, arguments, work):
        self.surprisal, self.model, self.work = arguments.surprisal, arguments.model, work
        self.cache = os.path.join(work, "cache")
        self.environment = dict(os.environ, SURPRISAL_CACHE=self.cache, OMP_WAIT_POLICY="passive")

    def command(self, folder, *more):
        return [self.surprisal, "scan", folder, "--format", "jsonl", "--quiet", *more]

    def run(self, *arguments):
        """Records, and seconds: of the processor and of the clock."""
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        done = subprocess.run(self.command(*arguments), env=self.environment, stdout=subprocess.PIPE, check=True)
        wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        return done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def same(found, wanted, what):
    if found != wanted:
        sys.exit(f"{what}: other records than without a cache")


def speed(arguments, scans):
    folder = os.path.join(scans.work, "images")
    new = max(arguments.count // 100, 1)
    for options in (["--model", arguments.model], []):
        name = "under a model" if options else "by one another"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(scans.cache, ignore_errors=True)
        write(arguments.images, folder, arguments.count)
        # A file that was written a moment ago is not known by its times.
        time.sleep(3)
        cold, first, first_wall = scans.run(folder, *options)
        warm, second, second_wall = scans.run(folder, *options)
        same(warm, cold, "warm")
        same(scans.run(folder, "--no-cache", *options)[0], cold, "cold")
        for index in range(new):
            os.remove(os.path.join(folder, str(index // 1000), f"{index:05d}.png"))
        write(arguments.others, folder, new, first=50_000)
        time.sleep(3)
        some, third, third_wall = scans.run(folder, *options)
        same(some, scans.run(folder, "--no-cache", *options)[0], "1 % new")
        size = os.path.getsize(os.path.join(scans.cache, "results.sqlite"))
        print(f"{name}, {arguments.count} images: cold {first:.1f} s of processor ({first_wall:.1f} s), "
              f"unchanged {second:.2f} s ({second_wall:.2f} s), {first / second:.0f} times as fast ({first_wall / second_wall:.0f}); "
              f"{new} new {third:.2f} s ({third_wall:.2f} s), {first / third:.0f} times ({first_wall / third_wall:.0f}); "
              f"{size / 2**20:.1f} MiB", flush=True)


def kill(arguments, scans):
    folder = os.path.join(scans.work, "images")
    write(arguments.images, folder, arguments.count)
    for options in (["--model", arguments.model], []):
        shutil.rmtree(scans.cache, ignore_errors=True)
        wanted, _, wall = scans.run(folder, "--no-cache", *options)
        cut = 0
        for round in range(arguments.rounds):
            # Every few rounds from nothing: else there is soon nothing left to interrupt.
            if round % 5 == 0:
                shutil.rmtree(scans.cache, ignore_errors=True)
            running = [subprocess.Popen(scans.command(folder, *options), env=scans.environment, stdout=subprocess.DEVNULL)
                       for _ in range(2)]
            time.sleep(random.uniform(0, 1.2 * wall))
            for process in running:
                process.send_signal(signal.SIGKILL)
                cut += process.wait() == -signal.SIGKILL
            same(scans.run(folder, *options)[0], wanted, f"round {round}")
        print(f"{'under a model' if options else 'by one another'}: {arguments.rounds} rounds, {cut} of {2 * arguments.rounds} scans "
              f"killed before their end; each next scan wrote the same bytes", flush=True)


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
commands = parser.add_subparsers(dest="command", required=True)
for name, count in ("speed", 10_000), ("kill", 300):
    command = commands.add_parser(name)
    command.add_argument("surprisal")
    command.add_argument("model")
    command.add_argument("images")
    if name == "speed":
        command.add_argument("others")
    command.add_argument("--count", type=int, default=count)
    command.add_argument("--rounds", type=int, default=50)
arguments = parser.parse_args()
with tempfile.TemporaryDirectory() as work:
    {"speed": speed, "kill": kill}[arguments.command](arguments, Scans(arguments, work))
