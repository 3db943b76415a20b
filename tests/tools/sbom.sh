#!/usr/bin/env bash
# What the `oversight` program is made of, as a bill of materials in CycloneDX form:
# target/sbom/oversight.cdx.json. Fails if a crate that is linked is not in it.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

cd "$ROOT"
cyclonedx=$(recorded cargo-cyclonedx)
[ -x "$cyclonedx" ] || die "cargo-cyclonedx is not installed: run 'make sbom'"
"$ROOT/tests/tools/check-host.sh" python

# It writes beside the manifest of every member of the workspace; only one file is wanted.
tidy() { rm -f proto/*_bin.cdx.json services/*/*_bin.cdx.json tests/*_bin.cdx.json; }
trap tidy EXIT
"$cyclonedx" cyclonedx --quiet --manifest-path services/oversight/Cargo.toml --format json --spec-version 1.5 \
  --describe binaries --no-build-deps

out="${CARGO_TARGET_DIR:-target}/sbom"
mkdir -p "$out"
# Without those that only build or test something, as it is for the machine that this runs on.
linked=$(cargo tree --locked --package oversight --edges normal --prefix none --format '{p}')
printf '%s\n' "$linked" |
  python3 tests/tools/sbom.py services/oversight/oversight_bin.cdx.json services/ui/package-lock.json "$out/oversight.cdx.json"
