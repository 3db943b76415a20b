#!/usr/bin/env bash
# fuzz-keep.sh: makes the kept corpus of each target of tests/fuzz anew from all that the runs on
# this machine found: the few small inputs that reach the most code between them. To be run after a
# long `make fuzz`, and its result committed, so that the next run begins where this one ended.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

work="${CARGO_TARGET_DIR:-$ROOT/target}/fuzz"
for target in cookies events questions rows; do
  program=$(find "$work" -path "*/release/$target" -type f | head -n 1)
  [ -n "$program" ] || die "the target $target is not built: run 'make fuzz' first"
  kept="$ROOT/tests/fuzz/corpus/$target"
  reached="$work/$target.reached"
  none=$(mktemp -d "$work/none.XXXXXX")
  rm -f "$reached"
  # All it is run for is the list of what each input reaches.
  "$program" -merge=1 -use_counters=0 -merge_control_file="$reached" "$none" "$kept" "$work/corpus/$target" \
    >"$work/$target.keep.log" 2>&1 || die "$target: see $work/$target.keep.log"
  rm -rf "$none"
  python3 "$ROOT/tests/tools/fuzz-keep.py" "$reached" "$kept" || die "$target: the corpus was not made anew"
done
