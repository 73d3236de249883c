#!/usr/bin/env bash
# A container image run as its users run it: root read-only, no network, nobody in particular: image.sh OCI-ARCHIVE. By podman, in a mount
# namespace that holds all that it stores.
set -euo pipefail
image=$(realpath "$1")
root=$(realpath "$(dirname "$0")/../..")
exec unshare --mount --propagation private bash -c '
set -euo pipefail
image=$1 root=$2 store=/mnt
fail() { echo "image: $*" >&2; exit 1; }
mount -t tmpfs store $store
export TMPDIR=$store
# crun knows control groups of version 1 or 2, not both at once; none is needed.
if [ -d /sys/fs/cgroup/unified ]; then mount -t tmpfs none /sys/fs/cgroup; fi
pod() { podman --storage-driver=vfs --root $store/root --runroot $store/run --cgroup-manager=cgroupfs --events-backend=none "$@"; }
name=$(pod load --quiet --input "$image" | sed -n "s/^Loaded image: *//p")
[ "$(pod image inspect --format "{{.Config.User}}" "$name")" = 65532:65532 ] || fail "runs as root"
mkdir $store/data
cp -r "$root"/fixtures/* $store/data
chmod -R a+rX $store/data
# As docker run does it, less what a machine may forbid: control groups and more open files than it has.
run() {
  pod run --rm --read-only --read-only-tmpfs=false --network=none --cap-drop=all --security-opt=no-new-privileges --cgroups=disabled \
    --ulimit=nofile=1024:1024 --ulimit=nproc=4096:4096 -e OMP_WAIT_POLICY=passive -v $store/data:/data "$@"
}
run "$name" --version > $store/said
run "$name" scan /data --format jsonl > $store/said 2> $store/warned
[ "$(grep -c "\"path\":\"/data/" $store/said)" -ge 38 ] || fail "scan: $(cat $store/warned)"
! grep -i warning $store/warned || fail "warns"
code=0
run "$name" gate other --model fashion-mnist --fpr 0.02 --max-outliers 0 --quiet > $store/said 2>&1 || code=$?
[ $code = 2 ] || fail "gate: exit $code: $(cat $store/said)"
code=0
run "$name" scan /data --quiet --output /data/report.html 2> $store/said || code=$?
[ $code != 0 ] && [ ! -e $store/data/report.html ] || fail "wrote into what belongs to another"
chown 1234 $store/data
run --user 1234:1234 "$name" scan /data --quiet --format html --output /data/report.html 2> $store/said || fail "$(cat $store/said)"
[ "$(stat -c %u $store/data/report.html)" = 1234 ] || fail "no report of its user"
# As action.yml calls it, and as GitLab does, which wants a shell.
run --entrypoint surprisal --workdir /data "$name" scan clothes other --quiet --format csv > $store/said
run --entrypoint "" "$name" sh -c "surprisal --version && ! touch /x 2> /dev/null" > $store/said
echo "image: scans and gates as nobody, its root read-only: $(du -sh "$image" | cut -f1) packed"
' image "$image" "$root"
