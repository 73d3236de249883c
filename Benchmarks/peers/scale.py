"""What a scan costs as images grow many, and what ten million and a thousand million would: `make bench BENCH=scale`.

    scale.py SURPRISAL IDX [--photographs WORK] [--images N] [--records N] [--rounds R] [--work DIR]

IDX is a file of 28x28 images, which are written out as PNG files too; WORK has photographs (models/photos/sources.py fetch WORK), of which
JPEGs of 480x360 and of 12 megapixels are made there, or were by folder.py.

Pace is told twice: by the clock, which other programs on the machine disturb, and in seconds of processor an image, which they hardly do.
A process is held to its cores; where there are two, each is a shard with a core of its own. Numbers of images are extrapolated by straight
lines through measured ones.
"""
import argparse
import contextlib
import gzip
import multiprocessing
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zlib


# Sets of up to 200 images are judged as a whole by permutations, which takes half a second whatever their number.
FEWEST = 250


class Tool:
    def __init__(self, surprisal, work):
        self.surprisal, self.work = os.path.abspath(surprisal), work
        self.environment = dict(os.environ, SURPRISAL_CACHE=str(work / "cache"), OMP_WAIT_POLICY="passive", TMPDIR=str(work))

    def run(self, *commands, cores=None, code=0):
        """Seconds by the clock and of processors, and the largest process's bytes, of commands at once, each on its cores."""
        start = time.monotonic()
        begun = []
        for index, words in enumerate(commands):
            command = [self.surprisal, *map(str, words), "--quiet"]
            held = cores[index] if cores else None
            begun.append(subprocess.Popen(command, env=self.environment, stdout=subprocess.DEVNULL,
                                          preexec_fn=(lambda held=held: os.sched_setaffinity(0, held)) if held else None))
        processor, memory = 0, 0
        for process in begun:
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode != code:
                sys.exit(f"{process.args}: exits {process.returncode}")
            processor += used.ru_utime + used.ru_stime
            memory = max(memory, used.ru_maxrss * 1024)
        return time.monotonic() - start, processor, memory


def apart(function, *words):
    """What a function gives, in a process of its own: those that are begun here are told to hold at least what this one ever held."""
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.apply(function, words)


def median(runs):
    return [statistics.median(column) for column in zip(*runs)]


def line(points):
    """Least squares: what stays, and what each one more takes."""
    n, sx, sy = len(points), sum(x for x, _ in points), sum(y for _, y in points)
    slope = (n * sum(x * y for x, y in points) - sx * sy) / (n * sum(x * x for x, _ in points) - sx * sx)
    return (sy - slope * sx) / n, slope


def mega(count):
    return f"{count / 1e6:.1f} MB"


# -- What is scanned --


def pictures(idx, folder, count):
    """The images of an IDX file as PNG files, a thousand a folder, and the names of all."""
    data = gzip.open(idx).read()
    height, width = (int.from_bytes(data[at:at + 4], "big") for at in (8, 12))

    def chunk(kind, content):
        return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")

    header = chunk(b"IHDR", width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x00\x00\x00\x00")
    for index in range(count):
        place = folder / f"{index // 1000}"
        place.mkdir(parents=True, exist_ok=True)
        at = 16 + index * height * width
        rows = b"".join(b"\0" + data[at + y * width:at + (y + 1) * width] for y in range(height))
        (place / f"{index:06}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def many(idx, file, count):
    """An IDX file of as many different images as are wanted."""
    with open(file, "wb") as out:
        out.write(b"\0\0\x08\x03" + b"".join(side.to_bytes(4, "big") for side in (count, 28, 28)))
        data = gzip.open(idx).read()[16:]
        for index in range(count):
            # From the second round on each image is another: shifted by some pixels.
            round, at = divmod(index * 784, len(data) - 7840)
            out.write(data[at + 5 * round:at + 5 * round + 784])


def photographs(work, folder, count, size):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
    import folder as peers

    peers.photographs_of(work, folder, count, size, 1)


def some(folder, into, count):
    """Links to the first files of a folder, which are read once, so that no run pays for the disk."""
    into.mkdir()
    for path in sorted(pathlib.Path(folder).iterdir())[:count]:
        path.read_bytes()
        (into / path.name).symlink_to(path.absolute())
    return len(list(into.iterdir()))


# -- What it costs --


def pace(tool, arguments, sets):
    """Images a second by threads and processes; returns seconds of processor an image by name."""
    first, second, *_ = [*sorted(os.sched_getaffinity(0)), 0, 0]
    ways = {"1 process, 1 thread": [[{first}]], "1 process, 2 threads": [[{first, second}]], "2 processes": [[{first}], [{second}]]}
    seconds = {}
    print(f"\nimages/s, medians of {arguments.rounds} rounds in turn; in brackets milliseconds of processor an image\n")
    print(f"{'':52}" + "".join(f"{way:>28}" for way in ways))
    for name, folder, count, options in sets:
        file = min(path for path in folder.rglob("*") if path.is_file())
        alone = median([tool.run(["scan", file, "--no-cache", *options]) for _ in range(3)])
        runs = {way: [] for way in ways}
        for _ in range(arguments.rounds):
            for way, cores in ways.items():
                commands = [["scan", folder, "--follow-symlinks", "--no-cache", *options]]
                if len(cores) > 1:
                    commands = [[*commands[0], "--shard", f"{number}/{len(cores)}"] for number in range(1, len(cores) + 1)]
                runs[way].append(tool.run(*commands, cores=[held[0] for held in cores]))
        cells = []
        for way, each in runs.items():
            wall, processor, _ = median(each)
            # What every process costs before its first image is no image's.
            cells.append((count / (wall - alone[0]), 1000 * (processor - len(ways[way]) * alone[1]) / count))
        seconds[name] = cells[0][1] / 1000
        print(f"{f'{name}, {count}':52}" + "".join(f"{f'{rate:.1f} ({cost:.1f})':>28}" for rate, cost in cells), flush=True)
    return seconds


def start(tool, folder, models):
    file = next(path for path in sorted(folder.rglob("*.png")))
    for name, options in models.items():
        wall, processor, memory = median([tool.run(["scan", file, "--no-cache", *options]) for _ in range(9)])
        print(f"one image, {name}: {wall:.2f} s, {processor:.2f} s of processor, {mega(memory)}", flush=True)


def growth(tool, arguments, model):
    """Memory and time by number of images. Returns what stays, what each image adds and the seconds that it takes; and the most's files."""
    idx, shares = tool.work / "many-images-idx3-ubyte", 8
    each = arguments.records // shares
    counts = [each, each * shares // 2, each * shares]
    apart(many, arguments.idx, idx, counts[-1])
    found = {}
    print(f"\nmemory, and seconds of processor, by number of images: {', '.join(map(str, counts))}")

    def told(name, runs):
        stays, slope = line([(count, memory) for count, (_, _, memory) in zip(counts, runs)])
        _, seconds = line([(count, processor) for count, (_, processor, _) in zip(counts, runs)])
        found[name] = (stays, slope, seconds)
        print(f"{name + ':':26}{', '.join(mega(memory) for _, _, memory in runs)}: {slope:.0f} bytes and {1e6 * seconds:.0f} microseconds "
              "an image more", flush=True)

    whole, merged, csv = (tool.work / name for name in ("whole.jsonl", "merged.jsonl", "merged.csv"))
    told("scan, one look", [tool.run(["scan", f"{idx}#0-{count - 1}", *model, "--no-cache", "--format", "jsonl", "--output", whole])
                            for count in counts])
    parts = [tool.work / f"part-{number}.jsonl" for number in range(shares)]
    for number, part in enumerate(parts):
        tool.run(["scan", f"{idx}#{number * each}-{(number + 1) * each - 1}", *model, "--no-cache", "--part", "--output", part])
    told("merge", [tool.run(["merge", *parts[:count // each], "--format", "jsonl", "--output", merged]) for count in counts])
    if merged.read_bytes() != whole.read_bytes():
        sys.exit("merge: other records than those of one scan")
    tool.run(["merge", *parts, "--format", "csv", "--output", csv])
    told("scan without a model", [tool.run(["scan", f"{idx}#0-{count - 1}", "--no-cache", "--format", "jsonl", "--output", whole])
                                  for count in counts[:2]])
    idx.unlink()
    return found, (merged, csv, parts)


def sizes(count, jsonl, csv, parts):
    """Bytes a record by form."""
    import pyarrow.csv
    import pyarrow.parquet

    found = {}
    table = pyarrow.csv.read_csv(csv, parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True))
    packed = csv.with_suffix(".parquet")
    for name, columns in (("Parquet", table), ("Parquet less profile", table.drop_columns(["profile"]))):
        pyarrow.parquet.write_table(columns, packed, compression="zstd")
        found[name] = packed.stat().st_size / count
    for name, files in (("JSON Lines", [jsonl]), ("CSV", [csv]), ("parts", parts)):
        plain = sum(file.stat().st_size for file in files)
        found[name] = plain / count
        for kind, command in {"gzip": ["gzip", "-6", "-c"], "zstd": ["zstd", "-q", "-3", "-c"]}.items():
            size = len(subprocess.run([*command, files[0]], stdout=subprocess.PIPE, check=True).stdout)
            found[f"{name}, {kind}"] = size / files[0].stat().st_size * plain / count
    return found


def record_sizes(tool, folder, count, model, looked, looks):
    """Bytes a record of one look and of an image's bits; returns those of the look."""
    part, jsonl, csv = (tool.work / name for name in ("bits-part.jsonl", "bits.jsonl", "bits.csv"))
    tool.run(["scan", folder, *model, "--no-cache", "--part", "--output", part])
    for file in (jsonl, csv):
        tool.run(["merge", part, "--format", file.suffix[1:], "--output", file])
    look, bits = apart(sizes, looked, *looks), apart(sizes, count, jsonl, csv, [part])
    print(f"\n{'bytes a record':26}{f'one look, of {looked}':>24}{f'16 evaluations, of {count}':>30}")
    for name in look:
        print(f"{name:26}{look[name]:24.0f}{bits[name]:30.0f}")
    return look


def cache(tool, folder, count, models):
    """Bytes an image in the cache, of files."""
    found = {}
    for name, options in models.items():
        shutil.rmtree(tool.work / "cache", ignore_errors=True)
        tool.run(["scan", folder, *options])
        size = sum(path.stat().st_size for path in (tool.work / "cache").iterdir())
        _, again, _ = tool.run(["scan", folder, *options])
        found[name] = (size / count, again / count)
        print(f"cache, {name}: {size / count:.0f} bytes an image; unchanged {1e6 * again / count:.0f} microseconds of processor",
              flush=True)
    return found


def walk(tool, count):
    """A folder of empty files: what finding, opening and recording one takes, and what one of another shard does."""
    folder = tool.work / "empty"
    for index in range(count):
        if index % 1000 == 0:
            (folder / f"{index // 1000}").mkdir(parents=True)
        (folder / f"{index // 1000}/{index:06}.png").touch()
    _, all_of_them, memory = tool.run(["scan", folder, "--model", "fashion-mnist", "--no-cache"])
    _, share, less = tool.run(["scan", folder, "--model", "fashion-mnist", "--no-cache", "--shard", "1/100"])
    shutil.rmtree(folder)
    print(f"\n{count} empty files: {1e6 * all_of_them / count:.0f} microseconds of processor a file, {mega(memory)}; "
          f"as one shard of a hundred {1e6 * share / count:.1f}, {mega(less)}", flush=True)
    return share / count


def costs(seconds, found, records, cached, walked):
    print(f"\n{'':52}{'10^7 images':>18}{'10^9 images':>18}")

    def row(name, value, unit):
        figures = (float(f"{value(count):.2g}") for count in (1e7, 1e9))
        print(f"{name:52}" + "".join(f"{f'{figure:g} {unit}':>18}" for figure in figures))

    for name, each in seconds.items():
        row(name, lambda count: each * count / 3600, "core-h")
    for name in ("JSON Lines", "JSON Lines, zstd", "Parquet", "parts", "parts, zstd"):
        row(f"{name}, one look", lambda count: records[name] * count / 1e9, "GB")
    for name, (size, _) in cached.items():
        row(f"cache, {name}", lambda count: size * count / 1e9, "GB")
    for name in ("scan, one look", "merge", "scan without a model"):
        row(f"memory: {name}", lambda count: (found[name][0] + found[name][1] * count) / 1e9, "GB")
    row("time: merge", lambda count: found["merge"][2] * count / 3600, "hours")
    row("time: finding names, in each of many shards", lambda count: walked * count / 3600, "hours")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("surprisal")
    parser.add_argument("idx")
    parser.add_argument("--photographs")
    parser.add_argument("--images", type=int, default=1250)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work")
    arguments = parser.parse_args()
    print(f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f} at the start")
    with contextlib.ExitStack() as stack:
        work = pathlib.Path(arguments.work or stack.enter_context(tempfile.TemporaryDirectory())).absolute()
        tool = Tool(arguments.surprisal, work)
        clothes = work / "clothes"
        apart(pictures, arguments.idx, clothes, arguments.images)
        fitted = work / "fitted.safetensors"
        tool.run(["fit", f"{arguments.idx}#50000-51999", "--evaluations", "0", "--output", fitted])
        look, bits = ["--model", fitted], ["--model", "fashion-mnist"]
        few = max(arguments.images // 5, FEWEST)
        apart(pictures, arguments.idx, work / "few", few)
        sets = [("28x28 PNG, one look (fit)", clothes, arguments.images, look),
                ("28x28 PNG, fashion-mnist, 16 evaluations", work / "few", few, bits)]
        kinds = [("480x360 JPEG", "speed-small", (480, 360), arguments.images), ("12-megapixel JPEG", "speed-large", (4000, 3000), few)]
        for name, folder, size, most in kinds if arguments.photographs else []:
            folder, place = pathlib.Path(arguments.photographs) / folder, work / name.split()[0]
            if not folder.exists():
                apart(photographs, arguments.photographs, folder, most, size)
            count = some(folder, place, most)
            sets.append((f"{name}, one look (fit)", place, count, look))
            fewer = some(folder, work / f"{place.name}-few", few)
            sets.append((f"{name}, photos, 16 evaluations", work / f"{place.name}-few", fewer, ["--model", "photos"]))
        start(tool, clothes, {"one look": look, "16 evaluations": bits})
        seconds = pace(tool, arguments, sets)
        found, looks = growth(tool, arguments, look)
        records = record_sizes(tool, work / "few", few, bits, arguments.records // 8 * 8, looks)
        print()
        cached = cache(tool, clothes, arguments.images, {"one look": look, "16 evaluations": bits, "without a model": []})
        walked = walk(tool, arguments.records)
        costs(seconds, found, records, cached, walked)


if __name__ == "__main__":
    main()
