#!/usr/bin/env bash
# Runs a script in a bare Debian: inroot.sh SUITE FOLDER SCRIPT, where SUITE is bookworm or trixie, FOLDER is given to it read-only as
# /given, and SCRIPT comes from standard input of sh. The system is unpacked into memory of a mount namespace of its own, which ends with
# it: nothing is left, mounted or written. It has a network only where NETWORK is set. As root.
set -euo pipefail
suite=$1 given=$(realpath "$2")
archive=$(realpath "$(dirname "$0")/../..")/.build/checks/roots/$suite.tar
if [ ! -s "$archive" ]; then
  mkdir -p "$(dirname "$archive")"
  rm -f "$archive.partial.tar"
  # What apt and every package may count on, and apt: less than debootstrap's minbase.
  mmdebstrap --quiet --variant=apt --mode=root --aptopt='Acquire::Languages "none"' --dpkgopt=force-unsafe-io \
    --dpkgopt='path-exclude=/usr/share/locale/*' "$suite" "$archive.partial.tar"
  mv "$archive.partial.tar" "$archive"
fi
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
