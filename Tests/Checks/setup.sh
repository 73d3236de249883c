#!/usr/bin/env bash
# The checks' Python environment and schemas in .build/checks, made once.
set -euo pipefail
cd "$(dirname "$0")/../.."
place=.build/checks
mkdir -p "$place/schemas"
[ -x $place/venv/bin/python ] || python3 -m venv $place/venv
if ! cmp -s Tests/Checks/requirements.txt $place/requirements.txt; then
  $place/venv/bin/pip install -q --disable-pip-version-check -r Tests/Checks/requirements.txt
  cp Tests/Checks/requirements.txt $place/requirements.txt
fi
grep -v '^#' Tests/Checks/sources.txt | while read -r package file; do
  [ -s "$place/schemas/$file" ] && continue
  $place/venv/bin/pip download -q --disable-pip-version-check --no-deps --no-binary :all: -d "$place/sources" "$package"
  archive=$(find "$place/sources" -name "$(echo "${package%%==*}" | tr - '?')-${package##*==}.tar.gz")
  tar -xzOf "$archive" --wildcards "*/$file" > "$place/schemas/$file.partial"
  mv "$place/schemas/$file.partial" "$place/schemas/$file"
done
