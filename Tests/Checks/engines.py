"""Runs examples/engines/ as their users do, and takes something away from them on the way: engines.py BINARY [NAME...].

Spark loses an executor, Dask a worker, GNU parallel a scan, each by SIGKILL while it works. Whatever happens: every path has one record, and all
of them together are what one scan of all says. Slurm's array runs as its tasks would, one after another.
"""
import csv
import json
import os
import pathlib
import re
import select
import shutil
import subprocess
import sys
import tempfile

import pyarrow
import pyarrow.parquet

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples/engines"
BINARY = pathlib.Path(sys.argv[1]).resolve()
OPTIONS = ["--model", "fashion-mnist", "--evaluations", "4"]
# A file is only waited for so long, in seconds.
PATIENCE = 120

# `surprisal` as the engines find it. Where VICTIM names a program, the third scan kills, when it has done its work and before it says so,
# the nearest of its ancestors of that name: once.
SURPRISAL = f"""#!/bin/bash
if [ -n "${{VICTIM:-}}" ] && [ "$1" = scan ]; then
  for number in 1 2 3; do mkdir "$CALLS/$number" 2>/dev/null && break; number=none; done
  if [ $number = 3 ]; then
    {BINARY} "$@" > /dev/null
    pid=$$
    until [ "$(cat /proc/$pid/comm)" = "$VICTIM" ]; do
      pid=$(sed -n 's/^PPid:\\t//p' /proc/$pid/status)
      [ "$pid" -gt 1 ] || exit 9
    done
    echo $pid > "$CALLS/killed"
    kill -9 $pid
  fi
fi
exec {BINARY} "$@"
"""


class Place:
    """A folder with images and the tool, and what one scan of the images says."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.images = self.folder / "images"
        self.environment = dict(
            os.environ, SURPRISAL_MODELS=str(ROOT / "models"), SURPRISAL_CACHE=str(self.folder / "cache"), OMP_WAIT_POLICY="passive",
            SPARK_LOCAL_IP="127.0.0.1", TMPDIR=str(self.folder), PYSPARK_PYTHON=sys.executable,
            PATH=f"{self.folder}/bin:{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}")
        (self.folder / "bin").mkdir()
        (self.folder / "bin/surprisal").write_text(SURPRISAL)
        (self.folder / "bin/surprisal").chmod(0o755)
        self.images.mkdir()
        # Names as people give them; some files are no images.
        for kind in ("clothes", "other", "broken"):
            for file in sorted((ROOT / "fixtures" / kind).iterdir()):
                if file.is_file():
                    shutil.copy(file, self.images / f"{kind} of 'Muñoz', {file.name}")
        for seed in range(4):
            self.surprisal("sample", "--model", "fashion-mnist", "-n", "20", "--steps", "6", "--seed", seed, "--output", self.images / str(seed))
        self.paths = sorted(str(path) for path in self.images.rglob("*") if path.is_file())
        self.paths.append(f"{self.images}/gone.png")
        self.whole = self.scan("--fpr", "0.01")
        assert len(self.whole) == len(self.paths) > 100, (len(self.whole), len(self.paths))

    def run(self, command, victim=None, **more):
        """What a command says on standard output and standard error; it must end well, and the victim not live."""
        calls = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        environment = dict(self.environment, **({"VICTIM": victim, "CALLS": str(calls)} if victim else {}))
        done = subprocess.run([str(word) for word in command], env=environment, capture_output=True, encoding="utf-8", **more)
        if done.returncode != 0:
            sys.exit(f"{' '.join(map(str, command))}\nexits {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}")
        assert not victim or (calls / "killed").exists(), f"no {victim} was killed"
        return done

    def surprisal(self, *words, **more):
        return self.run([BINARY, *words, "--quiet"], **more).stdout.splitlines()

    def interrupted(self, parts):
        """What an interrupted scan leaves beside parts."""
        parts.mkdir()
        shutil.copy(ROOT / "fixtures/README.md", parts / "2.incomplete.jsonl")

    def check(self, results):
        """What an engine wrote, as a table and merged."""
        table = pyarrow.parquet.read_table(results).to_pylist()
        rows = {row["path"].removeprefix("file://"): row for row in table if row["status"] != "run"}
        assert len(rows) == sum(row["status"] != "run" for row in table), "a path has two records"
        for line in self.whole:
            record = json.loads(line)
            row = rows.pop(record["path"])
            for key in ("status", "outlier", "reason", "error"):
                assert row[key] == record.get(key), (key, row, record)
        assert not rows, rows
        parts = self.folder / f"{results.name}-parts"
        self.run([sys.executable, EXAMPLES / "parts.py", results, parts])
        for rate, wanted in {"--fpr=0.01": self.whole, "--fdr=0.05": self.scan("--fdr", "0.05")}.items():
            merged = self.surprisal("merge", *sorted(parts.iterdir()), "--format", "jsonl", rate)
            # Where images tie, their order is that of the lists.
            assert sorted(line.replace("file:///", "/") for line in merged) == sorted(wanted), f"{rate}: other records than those of one scan"

    def scan(self, *rate):
        return self.surprisal("scan", "-", "-0", *OPTIONS, *rate, "--format", "jsonl", input="\0".join(self.paths))


def spark(place):
    """Every sixth path is a URL, of which the file is fetched."""
    table, results = place.folder / "paths.csv", place.folder / "spark-results"
    with open(table, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["number", "path"])
        for number, path in enumerate(place.paths):
            rows.writerows([[number, path if number % 6 else f"file://{path}"]] * (1 + number % 2))
    done = place.run(
        ["spark-submit", "--master", "local-cluster[2,1,1024]", "--conf", "spark.default.parallelism=6", "--conf", "spark.ui.enabled=false",
         EXAMPLES / "spark.py", table, results, *OPTIONS], victim="java", cwd=place.folder)
    assert "Lost executor" in done.stderr, done.stderr
    place.check(results)
    return "an executor lost, paths and URLs"


def dask(place):
    """A table of six files, that has some paths twice."""
    table, results = place.folder / "table", place.folder / "dask-results"
    table.mkdir()
    for number in range(6):
        pyarrow.parquet.write_table(pyarrow.table({"path": place.paths[number::6] + place.paths[:2]}), table / f"{number}.parquet")
    place.run([sys.executable, EXAMPLES / "on_dask.py", "2", table, results, *OPTIONS], victim="python", cwd=place.folder)
    place.check(results)
    return "a worker lost"


def parallel(place):
    shares = place.folder / "shares"
    place.interrupted(shares)
    done = place.run([EXAMPLES / "parallel.sh", place.images, "fashion-mnist", shares], victim="surprisal")
    wanted = place.surprisal("scan", place.images, "--model", "fashion-mnist", "--format", "jsonl")
    assert done.stdout.splitlines() == wanted, "other records than those of one scan"
    return "a scan lost"


def slurm(place):
    """Tasks by hand, and the merge that the script's comment has after them."""
    script, parts = EXAMPLES / "array.sbatch", place.folder / "array"
    place.interrupted(parts)
    merge = re.search(r"--wrap '(surprisal merge .*)'", script.read_text())[1].replace("PARTS", str(parts))
    for task in range(1, 5):
        place.environment.update(SLURM_ARRAY_TASK_ID=str(task), SLURM_ARRAY_TASK_COUNT="4", SLURM_CPUS_PER_TASK="2")
        place.run(["bash", script, place.images, "fashion-mnist", parts])
    wanted = place.surprisal("scan", place.images, "--model", "fashion-mnist", "--format", "jsonl")
    place.run(["bash", "-c", merge], cwd=place.folder)
    assert (place.folder / "verdicts.jsonl").read_text().splitlines() == wanted, "other records than those of one scan"
    return "four tasks by hand"


def stream(place):
    """A record is there before the next file is: its reader waits for it."""
    folder = place.folder / "arriving"
    folder.mkdir()
    # Unbuffered: a line that lies in a buffer of ours is none that select sees.
    watch = subprocess.Popen([EXAMPLES / "watch.sh", folder, *OPTIONS], env=place.environment, bufsize=0, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
    try:
        while b"established" not in line(watch.stderr):
            pass
        whole = {record["path"]: record for record in map(json.loads, place.whole)}
        files = place.paths[:-1:12]
        for number, path in enumerate(files):
            new = folder / f"{number}{pathlib.Path(path).suffix}"
            if number % 2:
                shutil.copy(path, new)
            else:
                shutil.copy(path, place.folder / "arriving.partial")
                os.rename(place.folder / "arriving.partial", new)
            assert json.loads(line(watch.stdout)) == dict(whole[path], path=str(new)), path
        watcher = [pid for pid in pathlib.Path(f"/proc/{watch.pid}/task/{watch.pid}/children").read_text().split()
                   if pathlib.Path(f"/proc/{pid}/comm").read_text() == "inotifywait\n"]
        os.kill(int(watcher[0]), 15)
        assert watch.stdout.read() == b"", "a record too many"
        watch.wait(PATIENCE)
    finally:
        watch.kill()
    return f"{len(files)} files, a record each before the next"


def line(file):
    ready, _, _ = select.select([file], [], [], PATIENCE)
    assert ready, "nothing comes"
    return file.readline()


CHECKS = {check.__name__: check for check in (spark, dask, parallel, slurm, stream)}
with tempfile.TemporaryDirectory() as folder:
    place = Place(folder)
    for name in sys.argv[2:] or CHECKS:
        print(f"engines: {name}: {CHECKS[name](place)}; {len(place.paths)} paths, the records of one scan", flush=True)
