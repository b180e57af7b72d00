#!/bin/sh
# Makes the passwords of docker-compose.yml: random ones, each in a file of the folder secrets/ (or SECRETS_FOLDER).
# The service `secrets` runs it at each start; it also runs by hand:
#   sh deploy/secrets.sh                 makes what is missing, and changes no password
#   sh deploy/secrets.sh renew NAME…     replaces these: worker producer operator admin mongodb-worker grafana-admin
# docs/operations/security.md says what to restart then. Needs openssl.
# For docker-compose.cluster.yml, RABBITMQ_NODES and RABBITMQ_PORTS hold the nodes' names and their ports on the host.
set -eu
umask 077
deploy=$(cd "$(dirname "$0")" && pwd)
folder=${SECRETS_FOLDER:-$(dirname "$deploy")/secrets}
ports=${RABBITMQ_PORTS:-${RABBITMQ_PORT:-5672}}
nodes=${RABBITMQ_NODES:-}

command -v openssl > /dev/null || { echo 'openssl is missing' >&2; exit 1; }
mkdir -p "$folder"

# One run at a time, where there is flock.
exec 9< "$folder"
if command -v flock > /dev/null; then flock 9; fi

# User and group of a path, as numbers. `stat` has other options on other systems.
owner_of() { ls -dn "$1" | { read -r _ _ user group _; echo "$user:$group"; }; }

own() { if [ -n "$owner" ]; then chown "$owner" "$1"; fi; }

# Root writes for the folder's owner. A new folder of root (Docker made it) goes to the owner of the repository.
owner=
if [ "$(id -u)" = 0 ]; then
  owner=$(owner_of "$folder")
  if [ "${owner%:*}" = 0 ] && [ ! -s "$folder/mongodb_admin_password" ]; then owner=$(owner_of "$deploy"); fi
  if ! own "$folder"; then
    echo 'The folder stays with root: the owner cannot be changed here' >&2
    owner=
  fi
fi
# Keeps others out, also of the readable files in the folders below.
chmod 700 "$folder"

# Writes standard input to a file, for its owner or with another mode. Readers find the old content or the new one.
write() {
  # Compose made a folder where a file was missing.
  if [ -d "$folder/$1" ]; then rmdir "$folder/$1"; fi
  rm -f "$folder/$1.new"
  cat > "$folder/$1.new"
  chmod "${2:-600}" "$folder/$1.new"
  own "$folder/$1.new"
  mv -f "$folder/$1.new" "$folder/$1"
}

password() {
  if [ -s "$folder/$1_password" ] && [ "$2" = keep ]; then return; fi
  value=$(openssl rand -hex 24)
  printf %s "$value" | write "$1_password"
}

# RabbitMQ's form: base64 of a salt of four bytes and SHA-256 of salt and password.
hash() {
  salt=$(mktemp)
  openssl rand 4 > "$salt"
  { cat "$salt"; { cat "$salt"; printf %s "$(cat "$folder/$1_password")"; } | openssl dgst -sha256 -binary; } | openssl base64 -A
  rm -f "$salt"
}

# Without the nodes their workers would keep the old password, and the producers would lose all nodes but one.
if [ -s "$folder/rabbitmq_cookie" ] && [ -z "$nodes" ]; then
  echo "$folder belongs to a cluster: run \`docker compose -f docker-compose.cluster.yml run --rm secrets $*\`" >&2
  exit 2
fi

renewed=
if [ "${1:-}" = renew ]; then
  shift
  if [ $# = 0 ]; then echo 'renew: which passwords? worker producer operator admin mongodb-worker grafana-admin' >&2; exit 2; fi
  for name in "$@"; do
    case $name in
      worker | producer | operator | admin) renewed="$renewed rabbitmq_$name" ;;
      mongodb-worker | grafana-admin) renewed="$renewed $(echo "$name" | tr - _)" ;;
      mongodb-admin) echo 'mongodb-admin: change it in MongoDB, then in its file: docs/operations/security.md' >&2; exit 2 ;;
      *) echo "unknown: $name" >&2; exit 2 ;;
    esac
  done
elif [ $# -gt 0 ]; then
  echo "usage: sh deploy/secrets.sh [renew worker|producer|operator|admin|mongodb-worker|grafana-admin …]" >&2
  exit 2
fi

for name in rabbitmq_worker rabbitmq_producer rabbitmq_operator rabbitmq_admin mongodb_admin mongodb_worker grafana_admin; do
  case " $renewed " in *" $name "*) password $name renew ;; *) password $name keep ;; esac
done

definitions=$(cat "$deploy/rabbitmq/definitions.json")
for name in worker producer operator admin; do
  value=$(hash rabbitmq_$name)
  # The shell's own replacement: a program would show the value in the process list.
  definitions="${definitions%%@$name@*}$value${definitions#*@$name@}"
done
printf '%s\n' "$definitions" | write rabbitmq_definitions.json

# Writes standard input to an address's file, unless that holds an address of another form: of the operator's own server.
address() {
  case $(cat "$folder/$1" 2> /dev/null || true) in
    '' | $2) write "$1" ;;
    *) cat > /dev/null; echo "$1 keeps its address: it is not of docker-compose.yml's server" >&2 ;;
  esac
}

# File, user and form of an address, then the servers in their order.
amqp() {
  file=$1
  user=$2
  form=$3
  shift 3
  urls=
  for server in "$@"; do
    urls="$urls${urls:+,}amqp://contacts-$user:$(cat "$folder/rabbitmq_${user}_password")@$server"
  done
  printf %s "$urls" | address "${file}_amqp_url" "amqp://contacts-$user:*@$form"
}
servers=
for port in $ports; do servers="$servers 127.0.0.1:$port"; done
amqp worker worker rabbitmq:5672 rabbitmq:5672
# Unquoted: one word a server.
amqp producer producer '127.0.0.1:*' $servers
amqp operator operator '127.0.0.1:*' $servers

# A cluster: the cookie that its nodes share, and for each worker all nodes, another one first.
if [ -n "$nodes" ]; then
  if [ ! -s "$folder/rabbitmq_cookie" ]; then
    value=$(openssl rand -hex 24)
    printf %s "$value" | write rabbitmq_cookie
  fi
  servers=
  for node in $nodes; do servers="$servers $node:5672"; done
  number=0
  set -- $servers
  for first in $servers; do
    number=$((number + 1))
    amqp "worker$number" worker 'rabbitmq[0-9]*:5672' "$@"
    shift
    set -- "$@" "$first"
  done
fi
server=mongodb:27017/contacts?authSource=admin
printf 'mongodb://contacts-worker:%s@%s' "$(cat "$folder/mongodb_worker_password")" "$server" \
  | address worker_mongodb_url 'mongodb://contacts-worker:*@mongodb:27017/contacts[?]authSource=admin'

# A container sees one of these folders: the files that it needs, and no other. Its user is nobody here, so the
# files are readable for all.
give() {
  reader=for-$1
  shift
  mkdir -p "$folder/$reader"
  chmod 755 "$folder/$reader"
  own "$folder/$reader"
  for file in "$@"; do write "$reader/$file" 444 < "$folder/$file"; done
}
give worker worker_amqp_url worker_mongodb_url
give rabbitmq rabbitmq_definitions.json ${nodes:+rabbitmq_cookie}
for number in $(seq $(echo $nodes | wc -w)); do give "worker$number" "worker${number}_amqp_url" worker_mongodb_url; done
give mongodb mongodb_admin_password
give grafana grafana_admin_password
give mongodb-users mongodb_admin_password mongodb_worker_password
echo 'The secrets are complete.'
