#!/usr/bin/env bash
# The pre-commit hook as a user installs it: from a clone of this repository, into a repository of images: precommit.sh BINARY.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
binary=$(realpath "$1")
tool=$root/.build/checks/venv/bin/pre-commit
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
export HOME=$place/home XDG_CACHE_HOME=$place/cache SURPRISAL_MODELS=$root/models
export GIT_CONFIG_GLOBAL=$place/gitconfig GIT_CONFIG_NOSYSTEM=1
unset GIT_DIR GIT_INDEX_FILE GIT_WORK_TREE
mkdir -p "$HOME" "$place/bin"
ln -s "$binary" "$place/bin/surprisal"
export PATH=$place/bin:$PATH
git config --global user.name check
git config --global user.email check@example.org
git config --global init.defaultBranch main
git config --global protocol.file.allow always

# What pre-commit takes of a repository is a commit: of the hooks as they are now.
"$tool" validate-manifest "$root/.pre-commit-hooks.yaml"
git init -q "$place/hooks"
cp "$root/.pre-commit-hooks.yaml" "$place/hooks"
git -C "$place/hooks" add .
git -C "$place/hooks" commit -qm hooks

git init -q "$place/images"
cd "$place/images"
sed -e "s|https://github.com/OWNER/surprisal|$place/hooks|" -e "s|v0.1.0|$(git -C "$place/hooks" rev-parse HEAD)|" \
  "$root/examples/ci/pre-commit-config.yaml" > .pre-commit-config.yaml
"$tool" validate-config .pre-commit-config.yaml
cp -r "$root/fixtures/clothes" "$root/fixtures/other" .
surprisal gate --init clothes other --quiet
"$tool" install > /dev/null
git add .

# expect CODE WORDS COMMAND...: how it ends and what it says.
expect() {
  local code=0 expected=$1 words=$2 said
  shift 2
  said=$("$@" 2>&1) || code=$?
  if [ "$code" != "$expected" ] || ! grep -qF -- "$words" <<< "$said"; then
    printf 'pre-commit: %s: exit %s, not %s, or no "%s" in\n%s\n' "$*" "$code" "$expected" "$words" "$said" >&2
    exit 1
  fi
}
expect 0 "surprisal gate...........................................................Passed" git commit -m "what is accepted passes"
# A new one, by a name that looks like an option, a changed one, and none.
python3 - "$root/fixtures/other/noise.png" '-rf "odd".png' <<'PYTHON'
import sys, zlib, struct
width = height = 28
rows = b"".join(b"\0" + bytes((x * 53 + y * 101 + x * y * 7) % 256 for x in range(width)) for y in range(height))
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
with open(sys.argv[2], "wb") as file:
    file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
               + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
PYTHON
git add -- ./-rf*
expect 1 "gate failed: 1 new outliers of 1 images, more than 0" git commit -m "an outlier does not"
git rm -q --cached -- ./-rf*
head -c 40 "$root/fixtures/clothes/05.png" > clothes/cut.png
git add clothes/cut.png
expect 1 "gate undecided: 1 of 1 images are unreadable" "$tool" run --files clothes/cut.png
git rm -qf clothes/cut.png
echo text > words.txt
git add words.txt
expect 0 "(no files to check)Skipped" git commit -m "what is no image is none of its business"
echo "pre-commit: the hook passes, fails and skips as it should"
