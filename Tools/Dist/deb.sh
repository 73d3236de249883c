#!/usr/bin/env bash
# A package for this Debian, of the binary with Swift's libraries inside and the system's libraries of C: deb.sh VERSION BINARY SCRATCH OUTPUT.
set -euo pipefail
cd "$(dirname "$0")/../.."
version=$1 binary=$2 scratch=$3 output=$4
# shellcheck source=/dev/null
. /etc/os-release
stage=.build/deb/surprisal-$version
tree=$stage/debian/surprisal
rm -rf "$stage"
mkdir -p "$stage/debian" "$output"
cp Tools/Dist/debian/* "$stage/debian"
cp CHANGELOG.md "$stage"
cat > "$stage/debian/changelog" <<END
surprisal ($version-1~deb${VERSION_ID%%.*}) ${VERSION_CODENAME:-unstable}; urgency=medium

  * $version, as the changelog of Surprisal itself tells.

 -- Surprisal's authors <surprisal@example.org>  $(date -R -u -d "@$SOURCE_DATE_EPOCH")
END
make -s copy BINARY="$binary" PREFIX=/usr DESTDIR="$tree"
sed -i '1{/^#!/d}' "$tree/usr/share/bash-completion/completions/surprisal"
mv "$tree/usr/share/zsh/site-functions" "$tree/usr/share/zsh/vendor-completions"
strip --strip-all --remove-section=.comment --remove-section=.note --remove-section=.swift_modhash \
  "$tree/usr/bin/surprisal"
chrpath -d "$tree/usr/bin/surprisal"
python3 Tools/Dist/contents.py "$tree/usr" "$scratch"
(cd "$stage" && DEB_RULES_REQUIRES_ROOT=no debian/rules binary > ../log 2>&1) || { cat "$stage/../log" >&2; exit 1; }
mv .build/deb/surprisal_"$version"-1~deb*.deb "$output"
