"""The parts in what spark.py and on_dask.py wrote, as files that `surprisal merge` puts together.

    python examples/engines/parts.py RESULTS PARTS
    surprisal merge PARTS/*.jsonl --fdr 0.05 --format csv --output verdicts.csv

Each scan of a task is a part: the line about its run, then its images, which a task writes in this order.
"""
import pathlib
import sys

import pyarrow.parquet

results, parts = map(pathlib.Path, sys.argv[1:])
parts.mkdir()
count, part = 0, None
for file in sorted(results.glob("*.parquet")):
    for batch in pyarrow.parquet.ParquetFile(file).iter_batches(columns=["status", "record"]):
        for status, record in zip(*(column.to_pylist() for column in batch.columns)):
            if status == "run":
                if part:
                    part.close()
                count += 1
                part = open(parts / f"{count:06}.jsonl", "w", encoding="utf-8")
            part.write(record + "\n")
if part:
    part.close()
