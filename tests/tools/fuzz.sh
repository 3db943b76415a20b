#!/usr/bin/env bash
# fuzz.sh SECONDS: feeds each target of tests/fuzz with mutations of its kept corpus for so long.
# What makes one fail is left in target/fuzz/found, and its path is printed.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

seconds=${1:?how many seconds for each target}
fuzz=$(recorded cargo-fuzz)
[ -x "$fuzz" ] || die "cargo-fuzz is not installed: run 'make fuzz'"

cd "$ROOT/tests/fuzz"
# This workspace has a lock file of its own, which cargo-fuzz would bring up to date unasked.
if [ -n "${CI:-}" ]; then
  cargo metadata --locked --format-version 1 >/dev/null || die "tests/fuzz/Cargo.lock is behind: run 'make fuzz' and commit it"
fi
work="${CARGO_TARGET_DIR:-$ROOT/target}/fuzz"
mkdir -p "$work/found"
# The instrumentation is unstable in every compiler; the code fuzzed is what the stable one builds.
# Without unsafe code of ours there is nothing for a sanitizer to see.
export RUSTC_BOOTSTRAP=1

for target in cookies events questions rows; do
  seeds="$work/corpus/$target"
  mkdir -p "$seeds"
  if [ "$target" = events ]; then
    # One sample of every event there ever was, as it stands in the log: without blanks.
    for sample in "$ROOT"/proto/samples/*/*.json; do
      python3 -c 'import json, sys; print(json.dumps(json.load(sys.stdin), ensure_ascii=False, separators=(",", ":")), end="")' \
        <"$sample" >"$seeds/$(basename "$sample")"
    done
  fi
  say "fuzzing $target for $seconds s"
  log="$work/$target.log"
  "$fuzz" run --release --fuzz-dir . --target-dir "$work" --sanitizer none "$target" "$seeds" "corpus/$target" -- \
    -max_total_time="$seconds" -max_len=16384 -rss_limit_mb=4096 -timeout=10 \
    -artifact_prefix="$work/found/" >"$log" 2>&1 || {
    tail -n 40 "$log" >&2
    die "$target failed; what it failed on is in $work/found"
  }
  grep -E '^Done ' "$log" >&2 || true
done
