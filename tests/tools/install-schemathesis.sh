#!/usr/bin/env bash
# Schemathesis of the pinned version, with all its packages, in .tools/schemathesis. Needs no root and
# leaves the machine's Python as it was.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

PINNED="$ROOT/tests/tools/schemathesis.requirements.txt"
PACKAGES="$TOOLS/schemathesis"
OWN="$TOOLS/bin/schemathesis"

now=$(fingerprint "$PINNED" "$0")
if is_fresh schemathesis "$now" && "$OWN" --version >/dev/null 2>&1; then
  record schemathesis "$OWN"
  exit 0
fi

"$ROOT/tests/tools/check-host.sh" python
found=$(python3 --version 2>/dev/null | version_in)
at_least "$found" 3.11 || die "Python 3.11 or newer is needed to hold the API to its description; python3 here is ${found:-not working}"
needs_pip "fetches Schemathesis for the tests"

say "fetching Schemathesis, for the tests"
rm -rf "$PACKAGES"
python3 -m pip install --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
  --root-user-action=ignore --target "$PACKAGES" --requirement "$PINNED" >&2 ||
  die "pip could not fetch Schemathesis for this machine: see above; is PyPI in reach?"
cat >"$OWN" <<WRAPPER
#!/usr/bin/env bash
PYTHONPATH="$PACKAGES" exec python3 -c 'from schemathesis.cli import schemathesis; schemathesis()' "\$@"
WRAPPER
chmod 755 "$OWN"
"$OWN" --version >/dev/null || die "the Schemathesis just fetched does not run on this machine: see above"
stamp schemathesis "$now"
record schemathesis "$OWN"
