"""A table of image paths, scanned on Spark: each path once, whatever fails on the way.

    spark-submit --master MASTER examples/engines/spark.py TABLE RESULTS --model MODEL --fpr 0.001

TABLE is Parquet, or CSV with a header, and has a column `path`; RESULTS is a folder of Parquet to be made: as columns what one asks
for, as `record` the whole line of JSON that `surprisal` wrote. What follows RESULTS are options of `surprisal scan`. On every node are
surprisal, the model and the images, or, for paths such as s3://bucket/key, fsspec and its package for that storage.

A record depends on its image and the model alone: a task may fail and run again elsewhere, and Spark commits what it gave once. What is
of all images, a false discovery rate or whether they belong as a whole, `surprisal merge` tells: parts.py.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import pyarrow
from pyspark import TaskContext
from pyspark.sql import SparkSession

COLUMNS = "path string, status string, outlier boolean, p_value double, score double, reason string, error string, record string"
SCHEMA = pyarrow.schema([tuple(column.split()) for column in COLUMNS.split(", ")])
IMAGES_A_TASK, IMAGES_A_SCAN = 10_000, 1_000


def fetched(path, folder):
    """The path, or of a URL a file in the folder with what is there; where nothing is, the file is none, and its record says so."""
    if "://" not in path:
        return path
    import fsspec

    local = os.path.join(folder, path.replace("://", "/", 1))
    os.makedirs(os.path.dirname(local), exist_ok=True)
    try:
        with fsspec.open(path, "rb") as source, open(local, "wb") as target:
            shutil.copyfileobj(source, target)
    except (FileNotFoundError, PermissionError):
        pass  # Any other error fails the task, and Spark tries again.
    return local


def scan(batches):
    """Batches of paths to batches of records. Of fetched images a scan's worth is on the disk at a time."""
    command = ["surprisal", "scan", "-", "-0", "--part", "--no-cache", "--quiet", "--threads", str(TaskContext.get().cpus()), *options]
    for batch in batches:
        with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(16) as pool:
            paths = batch["path"].to_pylist()
            places = dict(zip(pool.map(lambda path: fetched(path, folder), paths), paths))
            done = subprocess.run(command, input="\0".join(places), capture_output=True, encoding="utf-8")
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        rows = []
        for line in done.stdout.splitlines():
            record = json.loads(line)
            path = places.get(record.get("path"))
            if path and path != record["path"]:
                # Of what was fetched the URL is the name, and all that it is known by.
                record["path"] = path
                record["part"].pop("identity", None)
                line = json.dumps(record, ensure_ascii=False)
            rows.append(dict(record, record=line))
        yield pyarrow.RecordBatch.from_pylist(rows, SCHEMA)


table, results, *options = sys.argv[1:]
spark = SparkSession.builder.appName("surprisal").config("spark.sql.execution.arrow.maxRecordsPerBatch", IMAGES_A_SCAN).getOrCreate()
rows = spark.read.csv(table, header=True) if table.endswith(".csv") else spark.read.parquet(table)
tasks = max(rows.count() // IMAGES_A_TASK, spark.sparkContext.defaultParallelism)
paths = rows.select("path").repartition(tasks, "path").distinct()
paths.mapInArrow(scan, COLUMNS).write.parquet(results)
spark.stop()
