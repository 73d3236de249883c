"""A table of image paths, scanned on Dask: each path once, whatever fails on the way.

    python examples/engines/on_dask.py SCHEDULER TABLE RESULTS --model MODEL --fpr 0.001

SCHEDULER is an address as `dask scheduler` prints it (tcp://10.0.0.1:8786), or a number: so many workers on this machine. TABLE is Parquet
with a column `path`, RESULTS a folder of Parquet to be made: as columns what one asks for, as `record` the whole line of JSON that
`surprisal` wrote. What follows are options of `surprisal scan`. A file of TABLE is a task, some ten thousand images at most.
"""
import json
import subprocess
import sys

import dask.dataframe
import pandas
from dask.distributed import Client

COLUMNS = {"path": "string", "status": "string", "outlier": "boolean", "p_value": "float64", "score": "float64", "reason": "string",
           "error": "string", "record": "string"}


def scan(paths, options):
    """A frame of paths to a frame of records. A worker that is lost has its task run again by another."""
    command = ["surprisal", "scan", "-", "-0", "--part", "--allow-empty", "--no-cache", "--quiet", "--threads", "1", *options]
    done = subprocess.run(command, input="\0".join(paths["path"]), capture_output=True, encoding="utf-8")
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    rows = [dict(json.loads(line), record=line) for line in done.stdout.splitlines()]
    return pandas.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


if __name__ == "__main__":
    scheduler, table, results, *options = sys.argv[1:]
    with Client(n_workers=int(scheduler), threads_per_worker=1) if scheduler.isdigit() else Client(scheduler):
        paths = dask.dataframe.read_parquet(table, columns=["path"]).drop_duplicates(split_out=True)
        paths.map_partitions(scan, options, meta=COLUMNS).to_parquet(results, write_index=False)
