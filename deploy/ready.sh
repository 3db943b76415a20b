#!/usr/bin/env bash
# ready.sh PORT: succeeds when the service on this port has caught up with the log. Needs bash only.
set -euo pipefail
exec 3<>"/dev/tcp/127.0.0.1/${1:?usage: ready.sh PORT}"
printf 'GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
read -r -t 5 _ status _ <&3
[ "$status" = 200 ]
