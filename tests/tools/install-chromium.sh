#!/usr/bin/env bash
# A Chromium for the browser tests: one that is there already, else the distribution's
# package, else the build that the pinned browser driver would choose, into .tools.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

runs() { [ -n "$1" ] && [ -x "$1" ] && "$1" --version >/dev/null 2>&1; }

use() {
  record chromium "$1"
  exit 0
}

find_browser() {
  local found
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    found=$(command -v "$name" || true)
    if runs "$found"; then use "$found"; fi
  done
  for app in "Chromium.app/Contents/MacOS/Chromium" "Google Chrome.app/Contents/MacOS/Google Chrome"; do
    for folder in /Applications "$HOME/Applications"; do
      if runs "$folder/$app"; then use "$folder/$app"; fi
    done
  done
}

# CHROMIUM names the browser to use, and then nothing else will do.
if [ -n "${CHROMIUM:-}" ]; then
  runs "$CHROMIUM" || die "CHROMIUM is set to '$CHROMIUM', which does not run"
  use "$CHROMIUM"
fi
if runs "$(recorded chromium)"; then exit 0; fi
find_browser
# Ubuntu names the package otherwise. A browser without any font draws empty boxes.
apt chromium fonts-liberation || apt chromium-browser fonts-liberation || true
find_browser

driver="$ROOT/tests/browser/node_modules/playwright-core/cli.js"
if [ -f "$driver" ] && PLAYWRIGHT_BROWSERS_PATH="$TOOLS/browsers" node "$driver" install chromium-headless-shell >&2; then
  for built in "$TOOLS"/browsers/*/*/headless_shell "$TOOLS"/browsers/*/*/chrome-headless-shell; do
    if runs "$built"; then use "$built"; fi
  done
fi
die "no Chromium for the browser tests: install Chromium or Google Chrome (Debian: 'apt-get install chromium'), or set CHROMIUM to its path, and run this again"
