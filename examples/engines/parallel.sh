#!/usr/bin/env bash
# A folder, scanned by as many processes as there are cores, with GNU parallel: parallel.sh FOLDER MODEL PARTS > verdicts.jsonl
# A share that fails is tried twice more. --sshloginfile has other machines take shares. What is interrupted leaves N.incomplete.jsonl,
# which is no part.
set -euo pipefail
mkdir -p "$3"
seq 32 | parallel --retries 3 --halt now,fail=1 surprisal scan "$1" --model "$2" --shard {}/32 --threads 1 --quiet --output "$3/{}.jsonl"
surprisal merge "$3"/*[0-9].jsonl --format jsonl
