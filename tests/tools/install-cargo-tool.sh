#!/usr/bin/env bash
# install-cargo-tool.sh NAME VERSION MINIMUM: a cargo subcommand, from PATH if it is at least
# MINIMUM, else built at VERSION into .tools.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

name=$1 version=$2 minimum=$3
own="$TOOLS/bin/$name"

# Some answer only as cargo calls them.
version_of() { "$1" --version 2>/dev/null || "$1" "${name#cargo-}" --version 2>/dev/null || true; }
new_enough() { at_least "$(version_of "$1" | version_in)" "$minimum"; }

on_path=$(command -v "$name" || true)
if [ -n "$on_path" ] && [ "$on_path" != "$own" ] && new_enough "$on_path"; then
  record "$name" "$on_path"
  exit 0
fi
if is_fresh "$name" "$version" && [ -x "$own" ]; then
  record "$name" "$own"
  exit 0
fi

"$ROOT/tests/tools/check-host.sh" rust
say "building $name $version, which takes a few minutes, once"
# A tool that runs for seconds need not be built for speed: this is several times quicker.
# A target folder of the tools' own, so that the workspace's build settings and cache stay apart; what
# several of them stand on is built once. `make tools` removes it at the end.
(cd "$ROOT" &&
  CARGO_TARGET_DIR="$TOOLS/build" \
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=256 \
    CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_DEBUG=false \
    cargo install --quiet --locked --no-default-features --force --root "$TOOLS" "$name@$version" >&2) ||
  die "cargo could not build $name $version: see above; or install $name $minimum or newer yourself and run this again"
stamp "$name" "$version"
record "$name" "$own"
