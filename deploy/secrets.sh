#!/usr/bin/env bash
# secrets.sh FOLDER [OWNER]: makes the keys by which the broker knows its users: for each user a file
# with its seed (the secret), readable by OWNER alone, and a file of environment variables that names
# it; and for the broker the public halves. And the keys by which access signs sessions and the others
# know them. Never overwrites one that is there: run again, as after an upgrade that brought another
# service, it makes those that are missing.
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

# The keys of sessions. session.signing is the secret by which access signs them, one a line, the newest first, and for
# access alone; session.keys is what every service knows them by: a line "public" for each signing key, and lines
# "shared", the newest first, for the time of their last use. To change the signing key put a new one (64 hexadecimal
# digits) last in session.signing, run this again, which adds its public half, and start all services again; then put
# it first and start access again; a day later take the old one and its public half away and start all again. A shared
# key is changed in the same way, in session.keys alone.
new_files=()
for file in "$folder/session.signing" "$folder/session.keys"; do
  [ -e "$file" ] || new_files+=("$file")
done
known_before=$(cat "$folder/session.keys" 2>/dev/null || true)
"$oversight" session-keys "$folder"
[ -z "$owner" ] || [ "${#new_files[@]}" = 0 ] || chown "$owner" "${new_files[@]}"
signing="OVERSIGHT_SESSION_SIGNING_KEY='$folder/session.signing'"
# One that was written before access had a key of its own.
if [ -e "$folder/access.env" ] && ! grep -q '^OVERSIGHT_SESSION_SIGNING_KEY=' "$folder/access.env"; then
  printf '%s\n' "$signing" >>"$folder/access.env"
fi

missing=
for user in $users; do
  [ -e "$folder/$user.nk" ] || missing="$missing $user"
done
if [ -z "$missing" ]; then
  [ "$known_before" = "$(cat "$folder/session.keys")" ] || exit 0
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
  # Access alone signs them.
  [ "$user" != access ] || sessions=$(printf '%s\n' "$sessions" "$signing")
  cat >"$folder/$user.env" <<ENV
OVERSIGHT_LOG='$broker?inbox=$user&$more'
OVERSIGHT_NATS_NKEY_SEED='$folder/$user.nk'
OVERSIGHT_PRODUCTION=true
$sessions
ENV
done
[ -e "$folder/nats.env" ] || echo "OVERSIGHT_NATS_STORE=$store" >"$folder/nats.env"
printf '%s\n' "$public" >>"$folder/nats.env"
echo "secrets.sh: wrote nats.env, and a key and a file of variables for each of$missing, into $folder"
