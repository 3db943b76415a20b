#!/usr/bin/env bash
# Licences, bans and sources always; known weaknesses whenever the advisory database can be
# fetched, or an earlier copy is there. OVERSIGHT_REQUIRE_ADVISORIES=1 insists on them.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

cd "$ROOT"
deny=$(recorded cargo-deny)
[ -x "$deny" ] || die "cargo-deny is not installed: run 'make tools'"
"$deny" --log-level error check licenses bans sources

# A network that swallows packets must not hold the tests up for long.
fetch() {
  export GIT_TERMINAL_PROMPT=0 GIT_HTTP_LOW_SPEED_LIMIT=1000 GIT_HTTP_LOW_SPEED_TIME=20
  if have timeout; then timeout 120 "$deny" --log-level off fetch db; else "$deny" --log-level off fetch db; fi
}

if fetch >/dev/null 2>&1; then
  "$deny" --log-level error check advisories
  exit 0
fi
for copy in "${CARGO_HOME:-$HOME/.cargo}"/advisory-dbs/advisory-db-*/crates; do
  if [ -d "$copy" ]; then
    say "advisories: the database could not be fetched; checking against the copy fetched earlier"
    "$deny" --log-level error --offline check advisories
    exit 0
  fi
done
why="ADVISORIES WERE NOT CHECKED: the advisory database cannot be fetched from here and no earlier copy is there"
[ "${OVERSIGHT_REQUIRE_ADVISORIES:-0}" = 1 ] && die "$why"
printf '!! %s\n' "$why" >&2
