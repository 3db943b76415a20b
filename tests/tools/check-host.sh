#!/usr/bin/env bash
# What cannot be installed for you must be there: Rust, Node and (for the tests) Python.
# Each missing one is named in a sentence with what to do about it.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

for what in "$@"; do
  case "$what" in
    rust)
      have cargo || die "cargo is not on PATH: install Rust with rustup, see https://rustup.rs"
      wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$ROOT/Cargo.toml" | head -n 1)
      # Run inside the project, where rustup reads rust-toolchain.toml and may fetch that toolchain.
      found=$(cd "$ROOT" && rustc --version | version_in)
      at_least "$found" "$wanted" || die "Rust $wanted or newer is needed; rustc here is ${found:-not working}: run 'rustup update'"
      have cc || have gcc || have clang ||
        die "no C compiler, which the linker step needs: 'apt-get install build-essential', or on macOS 'xcode-select --install'"
      ;;
    node)
      have npm || die "npm is not on PATH: install Node.js 20.11 or newer, which brings it"
      found=$(node --version 2>/dev/null | version_in)
      at_least "$found" 20.11 || die "Node.js 20.11 or newer is needed; node here is ${found:-not working}"
      ;;
    python)
      have python3 || die "python3 is not on PATH: it fetches nats-server for the tests; install Python 3, or put nats-server 2.12 or newer on PATH"
      ;;
    *) die "check-host.sh does not know '$what'" ;;
  esac
done
