#!/usr/bin/env bash
# with.sh COMMAND...: runs a command with what the install scripts found: their folder first on
# PATH, and the names that the tests read.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

export PATH="$TOOLS/bin:$PATH"
for pair in NATS_SERVER:nats-server CHROMIUM:chromium SCHEMATHESIS:schemathesis; do
  path=$(recorded "${pair#*:}")
  if [ -n "$path" ]; then export "${pair%%:*}=$path"; fi
done
# Where `make` builds, for tests that start the real programs.
target="${CARGO_TARGET_DIR:-target}"
case "$target" in /*) ;; *) target="$ROOT/$target" ;; esac
export OVERSIGHT_BIN="${OVERSIGHT_BIN:-$target/debug/oversight}"
export OVERSIGHT_BIN_DIR="${OVERSIGHT_BIN_DIR:-$target/debug}"
# Real national files, where someone has laid them beside the checkout.
if [ -z "${OVERSIGHT_SHARED_DATA:-}" ] && [ -d "$ROOT/../shared/data" ]; then
  OVERSIGHT_SHARED_DATA=$(cd "$ROOT/../shared/data" && pwd)
  export OVERSIGHT_SHARED_DATA
fi
exec "$@"
