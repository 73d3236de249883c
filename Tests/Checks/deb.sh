#!/usr/bin/env bash
# A Debian package held against Debian's rules, installed where nothing of it is, used and removed: deb.sh PACKAGE ROOT.tar.
set -euo pipefail
here=$(dirname "$0")
root=$(realpath "$here/../..")
package=$(realpath "$1")
lintian --allow-root --fail-on=error,warning --suppress-tags=initial-upload-closes-no-bugs "$package"
given=$(mktemp -d)
trap 'rm -rf "$given"' EXIT
chmod 755 "$given"
cp "$package" "$given/surprisal.deb"
cp -r "$root/fixtures" "$given/images"

NETWORK=yes "$here/inroot.sh" "$2" "$given" <<'TRIAL'
said() { echo "deb: $*" >&2; exit 1; }
files() { find / -xdev \( -path /proc -o -path /given -o -path /var/lib/apt -o -path /var/cache -o -path /var/log -o -path /var/lib/dpkg \) \
  -prune -o -print | sort; }
apt() { apt-get -q -o DPkg::Use-Pty=0 -o Dpkg::Options::=--force-unsafe-io "$@" > /tmp/apt 2>&1 || { cat /tmp/apt; said "apt-get $*"; }; }
cp /given/surprisal.deb /tmp
touch /tmp/apt /tmp/before /tmp/after
apt update
files > /tmp/before
apt install -y --no-install-recommends /tmp/surprisal.deb
cd /given
surprisal scan images --quiet --no-cache --format csv > /tmp/apt || said "scan: exit $?"
[ "$(wc -l < /tmp/apt)" -ge 38 ] || said "scan: $(cat /tmp/apt)"
surprisal gate images/clothes --model fashion-mnist --fpr 0.02 --max-outliers 100% --quiet > /tmp/apt || said "gate: exit $?"
for file in man/man1/surprisal.1.gz bash-completion/completions/surprisal zsh/vendor-completions/_surprisal \
  fish/vendor_completions.d/surprisal.fish surprisal/schemas/surprisal-policy.schema.json; do
  [ -s /usr/share/$file ] || case $file in man/*) ;; *) said "no $file" ;; esac
done
apt purge -y --autoremove surprisal
rm -rf /root/.cache
files > /tmp/after
left=$(comm -13 /tmp/before /tmp/after | grep -v '/__pycache__' || true)
[ -z "$left" ] || said "left behind: $left"
! dpkg-query -W surprisal 2> /dev/null || said "still known"
echo "deb: installed, used and removed in $SUITE $(cat /etc/debian_version)"
TRIAL
