# shellcheck shell=bash
# Shared by the scripts beside it; sourced, never run. Bash 3.2 (macOS) is enough.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# Everything installed for this project alone lives here; removing it is always safe.
TOOLS="$ROOT/.tools"
mkdir -p "$TOOLS/bin" "$TOOLS/paths" "$TOOLS/stamps"

say() { printf '== %s\n' "$*" >&2; }

die() {
  printf '!! %s\n' "$*" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# The first dotted number in what is read: "nats-server: v2.12.3-RC" gives 2.12.3.
version_in() { sed -n 's/^[^0-9]*\([0-9][0-9]*\(\.[0-9][0-9]*\)*\).*/\1/p' | head -n 1; }

# at_least HAVE WANT: dotted numbers compared field by field. Nothing is never enough.
at_least() {
  awk -v have="$1" -v want="$2" 'BEGIN {
    if (have == "") exit 1
    split(have, h, "."); n = split(want, w, ".")
    for (i = 1; i <= n; i++) { if (h[i] + 0 > w[i] + 0) exit 0; if (h[i] + 0 < w[i] + 0) exit 1 }
    exit 0
  }'
}

# record NAME PATH: where a tool was found or put; with.sh hands it on to the tests.
record() { printf '%s\n' "$2" >"$TOOLS/paths/$1"; }

recorded() { cat "$TOOLS/paths/$1" 2>/dev/null || true; }

# A number that changes when any of the files does.
fingerprint() { cat "$@" | cksum | tr ' ' '-'; }

is_fresh() { [ "$(cat "$TOOLS/stamps/$1" 2>/dev/null || true)" = "$2" ]; }

stamp() { printf '%s\n' "$2" >"$TOOLS/stamps/$1"; }

# needs_pip WHAT: pip, which does that; installed where it can be.
needs_pip() {
  python3 -m pip --version >/dev/null 2>&1 && return
  # Debian and Ubuntu pack pip on its own.
  apt python3-pip || die "python3 has no pip ('apt-get install python3-pip'), which $1"
}

# apt PACKAGE...: installs from Debian or Ubuntu; fails without a word where there is no apt.
# Never waits for a password where no one can type one.
apt() {
  have apt-get || return 1
  local as_root=""
  if [ "$(id -u)" -ne 0 ]; then
    have sudo || return 1
    if [ -t 0 ]; then as_root="sudo"; else as_root="sudo -n"; fi
  fi
  say "apt-get install $*"
  # The lists may be missing or old; an update that fails in part may still do.
  $as_root apt-get update -qq >&2 || true
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o DPkg::Lock::Timeout=300 "$@" >&2
}
