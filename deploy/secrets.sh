#!/usr/bin/env bash
# secrets.sh FOLDER [OWNER]: makes the keys by which the broker knows its users, once: for each user
# a file with its seed (the secret), readable by OWNER alone, and a file of environment variables
# that names it; and for the broker the public halves. Never overwrites one that is there.
#
# Needs the `oversight` program: from PATH, or as `make build` made it.
set -euo pipefail
umask 022

folder=${1:?usage: secrets.sh FOLDER [OWNER]   (deploy/secrets by hand and for compose, /etc/oversight for systemd)}
owner=${2:-}
broker=nats://127.0.0.1:4222
store=/var/lib/oversight/nats
users="organisations assessments suppliers continuity onsite access projection operator"

oversight=$(command -v oversight || true)
[ -n "$oversight" ] || oversight=$(cd "$(dirname "$0")/.." && pwd)/target/release/oversight
if [ ! -x "$oversight" ]; then
  echo "secrets.sh: there is no oversight program to make the keys: run 'make build' first" >&2
  exit 1
fi

# The folder may hold the broker's configuration too, which its own user reads.
[ -d "$folder" ] || install -d -m 755 "$folder"
folder=$(cd "$folder" && pwd)
if [ -e "$folder/nats.env" ]; then
  echo "secrets.sh: $folder/nats.env is there already; remove the folder to make new keys" >&2
  exit 1
fi

# shellcheck disable=SC2086 # the users are several words
public=$("$oversight" nats-keys "$folder" $users)
for user in $users; do
  [ -z "$owner" ] || chown "$owner" "$folder/$user.nk"
  cat >"$folder/$user.env" <<ENV
OVERSIGHT_LOG='$broker?inbox=$user'
OVERSIGHT_NATS_NKEY_SEED='$folder/$user.nk'
OVERSIGHT_SESSION_KEYS='$folder/session.keys'
ENV
done
# The keys that seal sessions: the same for every service, the newest first. To change them put a new
# line before the old one, and take the old one away a day later.
(umask 077; od -An -N64 -tx1 /dev/urandom | tr -d ' \n' >"$folder/session.keys"; echo >>"$folder/session.keys")
[ -z "$owner" ] || chown "$owner" "$folder/session.keys"
cat >"$folder/nats.env" <<ENV
OVERSIGHT_NATS_STORE=$store
$public
ENV
echo "secrets.sh: wrote nats.env, and a key and a file of variables for each user, into $folder"
