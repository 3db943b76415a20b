#!/usr/bin/env bash
# install-npm.sh FOLDER...: exactly the packages of FOLDER/package-lock.json, into FOLDER/node_modules.
# Done again only when the lock file or the list of packages changed, or the folder is gone.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

for folder in "$@"; do
  name="npm-$(printf '%s' "$folder" | tr '/' '-')"
  now=$(fingerprint "$ROOT/$folder/package.json" "$ROOT/$folder/package-lock.json")
  if [ -d "$ROOT/$folder/node_modules" ] && is_fresh "$name" "$now"; then continue; fi
  "$ROOT/tests/tools/check-host.sh" node
  say "npm ci in $folder"
  (cd "$ROOT/$folder" && npm ci --no-audit --no-fund --ignore-scripts >&2) ||
    die "npm could not install the packages of $folder: see above; is the npm registry in reach?"
  stamp "$name" "$now"
done
