#!/bin/sh
# Makes the passwords of docker-compose.yml: random ones, each in a file of the folder secrets/ (or SECRETS_FOLDER).
#   sh deploy/secrets.sh                 makes what is missing, and changes no password
#   sh deploy/secrets.sh renew NAME…     replaces these: worker producer operator admin mongodb-worker
# docs/operations/security.md says what to restart then. Needs openssl.
set -eu
umask 022
root=$(cd "$(dirname "$0")/.." && pwd)
folder=${SECRETS_FOLDER:-$root/secrets}
port=${RABBITMQ_PORT:-5672}

command -v openssl > /dev/null || { echo 'openssl is missing' >&2; exit 1; }
mkdir -p "$folder"
# The folder keeps others out. The files themselves must be readable: a container's user is nobody here.
chmod 700 "$folder"

# Writes standard input to a secret's file, at once.
write() {
  # Compose makes a folder where a file is missing.
  if [ -d "$folder/$1" ]; then rmdir "$folder/$1"; fi
  cat > "$folder/.$1"
  chmod 444 "$folder/.$1"
  # In place: a container that runs has this very file mounted.
  if [ -f "$folder/$1" ]; then chmod 644 "$folder/$1"; cat "$folder/.$1" > "$folder/$1"; chmod 444 "$folder/$1"; rm -f "$folder/.$1"
  else mv "$folder/.$1" "$folder/$1"; fi
}

password() {
  if [ ! -s "$folder/$1_password" ] || [ "$2" = renew ]; then openssl rand -hex 24 | tr -d '\n' | write "$1_password"; fi
}

# RabbitMQ's form: base64 of a salt of four bytes and SHA-256 of salt and password.
hash() {
  salt=$(mktemp)
  openssl rand 4 > "$salt"
  { cat "$salt"; cat "$salt" "$folder/$1_password" | openssl dgst -sha256 -binary; } | openssl base64 -A
  rm -f "$salt"
}

renewed=
if [ "${1:-}" = renew ]; then
  shift
  for name in "$@"; do
    case $name in
      worker | producer | operator | admin) renewed="$renewed rabbitmq_$name" ;;
      mongodb-worker) renewed="$renewed mongodb_worker" ;;
      *) echo "unknown: $name" >&2; exit 2 ;;
    esac
  done
elif [ $# -gt 0 ]; then
  echo "usage: sh deploy/secrets.sh [renew worker|producer|operator|admin|mongodb-worker …]" >&2
  exit 2
fi

for name in rabbitmq_worker rabbitmq_producer rabbitmq_operator rabbitmq_admin mongodb_admin mongodb_worker; do
  case " $renewed " in *" $name "*) password $name renew ;; *) password $name keep ;; esac
done

definitions=$(cat "$root/deploy/rabbitmq/definitions.json")
for name in worker producer operator admin; do
  value=$(hash rabbitmq_$name)
  # The shell's own replacement: a program would show the value in the process list.
  definitions="${definitions%%@$name@*}$value${definitions#*@$name@}"
done
printf '%s\n' "$definitions" | write rabbitmq_definitions.json

url() { printf 'amqp://contacts-%s:%s@%s' "$1" "$(cat "$folder/rabbitmq_$1_password")" "$2"; }
url worker rabbitmq:5672 | write worker_amqp_url
url producer "127.0.0.1:$port" | write producer_amqp_url
url operator "127.0.0.1:$port" | write operator_amqp_url
printf 'mongodb://contacts-worker:%s@mongodb:27017/contacts?authSource=admin' "$(cat "$folder/mongodb_worker_password")" \
  | write worker_mongodb_url
echo "The secrets are in $folder"
