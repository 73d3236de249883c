#!/usr/bin/env bash
# Runs a script in a system: inroot.sh ROOT.tar FOLDER, the script on standard input for sh, FOLDER read-only as /given there, and SUITE the
# name of the root. It is unpacked into memory of a mount namespace of its own, which ends with the script: nothing is left, mounted or
# written. It has a network only where NETWORK is set. As root.
set -euo pipefail
archive=$(realpath "$1") given=$(realpath "$2")
suite=$(basename "$archive" .tar)
spaces="--mount --pid --ipc --uts --fork --kill-child"
[ -n "${NETWORK:-}" ] || spaces="$spaces --net"
# shellcheck disable=SC2086
exec unshare $spaces --propagation private bash -c '
  set -euo pipefail
  archive=$1 given=$2 root=$3
  mount -t tmpfs -o size=8g,mode=755 root "$root"
  tar -xf "$archive" -C "$root" --numeric-owner
  mkdir "$root/given"
  mount --bind "$given" "$root/given"
  mount -o remount,bind,ro "$root/given"
  mount -t proc proc "$root/proc"
  for device in null zero full random urandom; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
  done
  [ -z "${NETWORK:-}" ] || cp /etc/resolv.conf /etc/hosts "$root/etc"
  cd "$root"
  exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C OMP_WAIT_POLICY=passive \
    SUITE="$4" DEBIAN_FRONTEND=noninteractive chroot "$root" sh -eu
' inroot "$archive" "$given" /mnt "$suite"
