#!/usr/bin/env bash
# Records of images as they are put into a folder: watch.sh FOLDER --model MODEL --fpr 0.001 >> records.jsonl
# A file is looked at once it is closed, or moved there whole. Folders that are made later are watched too.
set -euo pipefail
folder=$1
shift
inotifywait --monitor --recursive --event close_write --event moved_to --format '%w%f%0' --no-newline "$folder" \
  | surprisal scan - -0 --follow --format jsonl "$@"
