#!/usr/bin/env bash
# secrets.sh FOLDER: makes the passwords between the services and the broker, once, as files of
# environment variables that compose and systemd read. Never overwrites one that is there.
set -euo pipefail
umask 077

folder=${1:?usage: secrets.sh FOLDER   (deploy/secrets for compose, /etc/oversight for systemd)}
broker=127.0.0.1:4222
store=/var/lib/oversight/nats

# The folder may hold the broker's configuration too, which its own user reads.
[ -d "$folder" ] || install -d -m 755 "$folder"
if [ -e "$folder/nats.env" ]; then
  echo "secrets.sh: $folder/nats.env is there already; remove the folder to make new passwords" >&2
  exit 1
fi

# 192 bits. It begins with a letter, so that the broker's configuration cannot read it as a number.
password() { printf 'p%s' "$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')"; }

nats="OVERSIGHT_NATS_STORE=$store"
for user in organisations assessments projection operator; do
  secret=$(password)
  name=$(printf '%s' "$user" | tr '[:lower:]' '[:upper:]')
  nats="$nats
OVERSIGHT_NATS_${name}_PASSWORD=$secret"
  echo "OVERSIGHT_LOG=nats://$user:$secret@$broker" >"$folder/$user.env"
done
echo "$nats" >"$folder/nats.env"
echo "secrets.sh: wrote nats.env and one file for each user into $folder"
