#!/usr/bin/env bash
# An OCI archive of the Containerfile's image, by podman: image.sh ARCHIVE OUTPUT. BASE is the image it stands on, or a .tar of a root to
# import as that: docker.io/library/debian:12-slim where not given. What podman stores lies in memory of a mount namespace and ends with it.
set -euo pipefail
cd "$(dirname "$0")/../.."
archive=$(realpath "$1") output=$(realpath -m "$2") base=${BASE:-docker.io/library/debian:12-slim}
release=$(basename "$archive" .tar.gz)
rm -f "$output"
unshare --mount --propagation private bash -c '
  set -euo pipefail
  archive=$1 output=$2 base=$3 release=$4 store=/mnt
  mount -t tmpfs store $store
  pod() { podman --storage-driver=vfs --root $store/root --runroot $store/run --events-backend=none "$@"; }
  export TMPDIR=$store
  case $base in
    *.tar) pod import --quiet "$base" localhost/debian:12-slim > /dev/null; base=localhost/debian:12-slim ;;
  esac
  name=localhost/surprisal:$(echo "$release" | cut -d- -f2)
  pod build --quiet --isolation=chroot --format=oci --timestamp="$SOURCE_DATE_EPOCH" --build-arg "BASE=$base" \
    --build-arg "RELEASE=$release" --tag "$name" --file Containerfile "$(dirname "$archive")" > /dev/null
  pod save --quiet --format=oci-archive --output="$output" "$name" > /dev/null
' image "$archive" "$output" "$base" "$release"
du -sh "$output"
