#!/usr/bin/env bash
# secrets.sh FOLDER [OWNER]: makes the keys by which the broker knows its users: for each user a file
# with its seed (the secret), readable by OWNER alone, and a file of environment variables that names
# it; and for the broker the public halves. Never overwrites one that is there: run again, as after an
# upgrade that brought another service, it makes those that are missing.
#
# Needs the `oversight` program: from PATH, or as `make build` made it.
set -euo pipefail
umask 022

folder=${1:?usage: secrets.sh FOLDER [OWNER]   (deploy/secrets by hand and for compose, /etc/oversight for systemd)}
owner=${2:-}
# Where the broker is; of a cluster all its servers, separated by commas (cluster/README.md).
broker=${OVERSIGHT_BROKER:-nats://127.0.0.1:4222}
case "$broker" in
  *,*) more='replicas=3' ;;
  # Where the broker tells whether it syncs before it acknowledges.
  *) more='monitor=127.0.0.1:8222' ;;
esac
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

missing=
for user in $users; do
  [ -e "$folder/$user.nk" ] || missing="$missing $user"
done
if [ -z "$missing" ]; then
  echo "secrets.sh: every user has a key in $folder already; remove a user's .nk file and its line in nats.env to make a new one" >&2
  exit 1
fi

# shellcheck disable=SC2086 # the users are several words
public=$("$oversight" nats-keys "$folder" $missing)
for user in $missing; do
  [ -z "$owner" ] || chown "$owner" "$folder/$user.nk"
  # The operator signs no one in.
  sessions="OVERSIGHT_SESSION_KEYS='$folder/session.keys'"
  [ "$user" != operator ] || sessions=
  cat >"$folder/$user.env" <<ENV
OVERSIGHT_LOG='$broker?inbox=$user&$more'
OVERSIGHT_NATS_NKEY_SEED='$folder/$user.nk'
OVERSIGHT_PRODUCTION=true
$sessions
ENV
done
# The keys that seal sessions: the same for every service, the newest first. To change them put a new
# one last and start all services again, then put it first and start them again, and take the old one
# away a day later: so each service can read what any other seals.
if [ ! -e "$folder/session.keys" ]; then
  (umask 077; od -An -N64 -tx1 /dev/urandom | tr -d ' \n' >"$folder/session.keys"; echo >>"$folder/session.keys")
  [ -z "$owner" ] || chown "$owner" "$folder/session.keys"
fi
[ -e "$folder/nats.env" ] || echo "OVERSIGHT_NATS_STORE=$store" >"$folder/nats.env"
printf '%s\n' "$public" >>"$folder/nats.env"
echo "secrets.sh: wrote nats.env, and a key and a file of variables for each of$missing, into $folder"
