#!/usr/bin/env bash
# A tree as a .tar.gz that is the same bytes for the same files, its one folder named as the archive: archive.sh TREE ARCHIVE.
set -euo pipefail
tree=$1 archive=$2
name=$(basename "$archive" .tar.gz)
tar --create --format=gnu --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
  --transform="flags=r;s,^\.,$name," -C "$tree" . | gzip -n > "$archive.partial"
mv "$archive.partial" "$archive"
