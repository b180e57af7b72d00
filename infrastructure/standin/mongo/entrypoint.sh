#!/usr/bin/env bash
# Starts the engine, then the front; the port 27017 opens only when both can work. Ends both on SIGTERM.
# As the official image: MONGO_INITDB_ROOT_USERNAME and _PASSWORD (or …_FILE) create a user and turn authentication on.
# As mongod: --auth --tlsMode requireTLS --tlsCertificateKeyFile F --tlsCAFile F --tlsAllowConnectionsWithoutCertificates.
set -euo pipefail
data=/data/db
# The default command of the official image.
if [ "${1:-}" = mongod ]; then shift; fi

auth=--no-auth
listen=(--listen-addr=0.0.0.0:27017)
certificate= authorities=
while [ $# -gt 0 ]; do
  case "$1" in
    --auth) auth=--auth ;;
    --tlsMode) [ "$2" = requireTLS ]; listen=(--listen-addr= --listen-tls=0.0.0.0:27017); shift ;;
    --tlsCertificateKeyFile) certificate=$2; shift ;;
    --tlsCAFile) authorities=$2; shift ;;
    --tlsAllowConnectionsWithoutCertificates) authorities= ;; # The front knows only "all must" and "none must".
    *) echo "the stand-in does not know the option $1" >&2; exit 2 ;;
  esac
  shift
done
if [ -n "$certificate" ]; then listen+=("--listen-tls-cert-file=$certificate" "--listen-tls-key-file=$certificate"); fi
if [ -n "$authorities" ]; then listen+=("--listen-tls-ca-file=$authorities"); fi

# The value of NAME, or of the file that NAME_FILE names.
setting() {
  local file=$1_FILE
  if [ -n "${!file:-}" ]; then cat "${!file}"; else printf %s "${!1:-}"; fi
}
user=$(setting MONGO_INITDB_ROOT_USERNAME)
password=$(setting MONGO_INITDB_ROOT_PASSWORD)
if [ -n "$user" ]; then auth=--auth; fi

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

# Over standard input: an argument would show in the process list.
quoted() { printf %s "$1" | sed 's/[\\"]/\\&/g'; }
if [ -n "$user" ] && [ ! -e "$data/root-user" ]; then
  psql -q -U postgres -h localhost -v ON_ERROR_STOP=1 > /dev/null << SQL
SELECT documentdb_api.create_user(\$json\${"createUser": "$(quoted "$user")", "pwd": "$(quoted "$password")", "roles":
  [{"role": "readWriteAnyDatabase", "db": "admin"}, {"role": "clusterAdmin", "db": "admin"}]}\$json\$);
SQL
  touch "$data/root-user"
fi

ferretdb "${listen[@]}" --postgresql-url=postgres://postgres@localhost:5432/postgres \
  "$auth" --telemetry=disable --debug-addr=- --state-dir=/tmp --log-level=warn &
front=$!

# Whichever ends first takes the other along.
status=0
wait -n "$engine" "$front" || status=$?
stop
wait || true
if [ "$asked" = yes ]; then status=0; fi
exit "$status"
