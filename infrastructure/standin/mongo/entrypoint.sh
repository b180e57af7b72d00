#!/usr/bin/env bash
# Starts the engine, then the front; the port 27017 opens only when both can work. Ends both on SIGTERM.
set -euo pipefail
data=/data/db

if [ ! -s "$data/PG_VERSION" ]; then
  cp -a /template/. "$data/"
fi
chmod 700 "$data"
# After a kill these name processes of the container that is gone, whose numbers mean others now.
rm -f "$data/postmaster.pid" /var/run/postgresql/.s.PGSQL.*

postgres -D "$data" &
engine=$!
front=
asked=no
stop() {
  if [ -n "$front" ]; then kill -TERM "$front" 2> /dev/null || true; fi
  kill -INT "$engine" 2> /dev/null || true
}
trap 'asked=yes; stop' TERM INT

until pg_isready -q -h localhost; do
  kill -0 "$engine" # the engine died: end here, with its log
  sleep 0.1
done

ferretdb --listen-addr=0.0.0.0:27017 --postgresql-url=postgres://postgres@localhost:5432/postgres \
  --no-auth --telemetry=disable --debug-addr=- --state-dir=/tmp --log-level=warn &
front=$!

# Whichever ends first takes the other along.
status=0
wait -n "$engine" "$front" || status=$?
stop
wait || true
if [ "$asked" = yes ]; then status=0; fi
exit "$status"
