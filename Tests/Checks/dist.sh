#!/usr/bin/env bash
# A release archive tried in bare Debians, without Swift and without a package of its own: dist.sh ARCHIVE ROOT.tar...
set -euo pipefail
here=$(dirname "$0")
root=$(realpath "$here/../..")
archive=$(realpath "$1")
shift
given=$(mktemp -d)
trap 'rm -rf "$given"' EXIT
chmod 755 "$given"
cp "$archive" "$given/release.tar.gz"
cp -r "$root/fixtures" "$given/images"
cp -r "$root/Tests/ImagesTests/Reference/formats" "$given/formats"
cp "$root/Tests/Checks/jbig.tiff" "$given/formats"

for system in "$@"; do
  "$here/inroot.sh" "$system" "$given" <<'TRIAL'
said() { echo "dist: $SUITE: $*" >&2; exit 1; }
! find / -xdev -path /given -prune -o \( -name 'libswift*' -o -name 'libdnnl*' -o -name 'libpng*' -o -name 'libjpeg*' \) -print | grep . \
  || said "is not bare"
mkdir /opt/place
tar -xzf /given/release.tar.gz -C /opt/place
cd /opt/place/*
# By a link too, and by one who may write nowhere but in /tmp.
ln -s "$PWD/bin/surprisal" /usr/local/bin/surprisal
run() { setpriv --reuid=65532 --regid=65532 --clear-groups --no-new-privs env HOME=/nowhere SURPRISAL_CACHE=/tmp/out/cache "$@"; }
run surprisal --version > /dev/null
cd /given
mkdir -m 777 /tmp/out
out=/tmp/out

run surprisal scan images --format jsonl --quiet > $out/scan.jsonl
[ "$(grep -c '"verdict":"scored"\|"bits_per_dim"\|"p_value"' $out/scan.jsonl)" -ge 38 ] || said "scan: $(wc -l < $out/scan.jsonl) records"
# Every format that the build has: what is odd does not matter, that each is read does.
run surprisal scan formats images --format csv --quiet > $out/formats.csv
for kind in JPEG PNG BMP TIFF WebP AVIF; do grep -q ",$kind," $out/formats.csv || said "no $kind was read"; done
grep -q "not supported (built without" $out/formats.csv && said "a format is missing"
grep -q "^formats/jbig.tiff,unreadable.*JBIG is not supported" $out/formats.csv || said "JBIG is not refused"
run surprisal train images/clothes --output $out/trained.safetensors --steps 3 --preset tiny --size 16 --no-page --quiet
run surprisal fit images/clothes --output $out/fitted.safetensors --quiet
for model in $out/trained.safetensors $out/fitted.safetensors; do
  run surprisal gate images/clothes --model $model --fpr 0.2 --max-outliers 100% --quiet > $out/gate.jsonl || said "gate: exit $?"
done
code=0
run surprisal gate images/other --model fashion-mnist --fpr 0.02 --max-outliers 0 --quiet > $out/gate.jsonl || code=$?
[ $code = 2 ] || said "gate: exit $code, not 2"
run surprisal sample --model fashion-mnist -n 4 --sheet $out/samples.png --quiet
[ "$(head -c 4 $out/samples.png | tail -c 3)" = PNG ] || said "sample: no picture"
echo "dist: $SUITE $(cat /etc/debian_version): scan, train, fit, gate and sample run from $(du -sh /opt/place/* | cut -f1)"
TRIAL
done
