#!/usr/bin/env bash
# Manual pages and completions as they are installed: manual.sh PREFIX.
set -euo pipefail
share=$1/share
fail() { echo "manual: $*" >&2; exit 1; }

pages=("$share"/man/man1/surprisal*.1)
[ ${#pages[@]} -ge 9 ] || fail "${#pages[@]} pages"
said=$(mandoc -Tlint -W warning "${pages[@]}" 2>&1 || true)
[ -z "$said" ] || fail "$said"
for page in "${pages[@]}"; do
  said=$(groff -mandoc -Tutf8 -ww -z "$page" 2>&1)
  [ -z "$said" ] || fail "$page: $said"
done
for command in $("$1/bin/surprisal" --help | sed -n '/^SUBCOMMANDS/,/^ *$/s/^  \([a-z]\{1,\}\).*/\1/p'); do
  page=$(MANWIDTH=80 man -M "$share/man" "surprisal-$command" | col -b)
  for title in NAME SYNOPSIS OPTIONS "EXIT STATUS" "SEE ALSO"; do
    grep -qx "$title" <<< "$page" || fail "surprisal-$command has no $title"
  done
  # Every option of help.
  for option in $("$1/bin/surprisal" "$command" --help | grep -oE '^  (-[a-zA-Z0-9], )?--[a-z-]+' | grep -oE -- '--[a-z-]+'); do
    grep -qE -- "(^|[^a-z-])$option([^a-z-]|$)" <<< "$page" || fail "surprisal-$command has no $option"
  done
done
page=$(MANWIDTH=80 man -M "$share/man" surprisal-calibrate | col -b)
grep -q "surprisal-fit" <<< "$page" || fail "calibrate leads nowhere"

# completes WORDS EXPECTED: what bash offers for the last word.
completes() {
  local line=$1 expected=$2 words
  read -ra words <<< "$line"
  [ "${line% }" = "$line" ] || words+=("")
  offered=$(bash --norc -O extglob -c '
    for file in /usr/share/bash-completion/bash_completion; do [ -r $file ] && . $file; done
    . "$1"; shift
    COMP_LINE=$1; shift
    COMP_POINT=${#COMP_LINE} COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    function_name=$(complete -p surprisal | sed "s/.*-F \([^ ]*\) .*/\1/")
    "$function_name" surprisal "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}" 2>/dev/null
    printf "%s\n" "${COMPREPLY[@]}"' bash "$share/bash-completion/completions/surprisal" "$line" "${words[@]}")
  grep -qxE -- "$expected *" <<< "$offered" || fail "bash offers for '$line': $offered"
}
completes "surprisal sc" "scan"
completes "surprisal gate --in" "--init"
completes "surprisal scan x --format ma" "markdown"
cd "$1"
completes "surprisal scan sh" "share/?"

zsh -n "$share/zsh/site-functions/_surprisal"
zsh -f -c "fpath=('$share/zsh/site-functions' \$fpath); autoload -Uz compinit; compinit -D; [ \"\$_comps[surprisal]\" = _surprisal ]" \
  || fail "zsh does not know the completions"
offered=$(XDG_CONFIG_HOME=$(mktemp -d) fish --no-config -c "source $share/fish/vendor_completions.d/surprisal.fish; complete -C 'surprisal sc'")
grep -q '^scan' <<< "$offered" || fail "fish offers $offered"
echo "manual: ${#pages[@]} pages without a warning; bash, zsh and fish complete"
