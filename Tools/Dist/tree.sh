#!/usr/bin/env bash
# What a release holds, under TREE as under a prefix: tree.sh TREE BINARY SCRATCH. The libraries of C that the binary needs stand in
# lib/surprisal, where its RPATH looks; glibc's own are the machine's.
set -euo pipefail
cd "$(dirname "$0")/../.."
tree=$1 binary=$2 scratch=$3
command -v dpkg-query > /dev/null || { echo "dist: needs Debian or one like it: it asks dpkg whose the libraries are" >&2; exit 1; }

rm -rf "$tree"
make -s copy BINARY="$binary" PREFIX= DESTDIR="$tree"
# With what tells one build from another and nobody reads.
strip --strip-all --remove-section=.swift_modhash --remove-section=.note.gnu.build-id "$tree/bin/surprisal"
install -d "$tree/lib/surprisal"
if needed=$(ldd "$tree/bin/surprisal" | grep -E 'not found|swift|Foundation'); then
  printf 'dist: not linked in or not there:\n%s\n' "$needed" >&2
  exit 1
fi
ldd "$tree/bin/surprisal" | awk '$2 == "=>" { print $1, $3 }' | while read -r name path; do
  case $name in
    libc.so.* | libm.so.* | libdl.so.* | libpthread.so.* | librt.so.* | libmvec.so.* | libresolv.so.* | libutil.so.*) continue ;;
  esac
  install -m 644 "$(realpath "$path")" "$tree/lib/surprisal/$name"
done
if [ -e "$tree/lib/surprisal/libjbig.so.0" ]; then
  cc -shared -fPIC -O2 -s -Wl,-soname,libjbig.so.0 -Wl,--build-id=none -o "$tree/lib/surprisal/libjbig.so.0" Tools/Dist/jbig.c
fi
install -d "$tree/share/doc/surprisal"
install -m 644 README.md CHANGELOG.md "$tree/share/doc/surprisal"
python3 Tools/Dist/contents.py "$tree" "$scratch"
