#!/bin/sh
# Starts a node of docker-compose.cluster.yml with the cookie that the cluster's nodes share. It is in a file of the
# node's own, as Erlang wants it, and in no variable, which `docker inspect` would show.
set -eu
cookie=/var/lib/rabbitmq/.erlang.cookie
rm -f "$cookie"
(umask 077 && cat /run/secrets/rabbitmq_cookie > "$cookie")
if [ "$(id -u)" = 0 ]; then chown rabbitmq:rabbitmq "$cookie"; fi
# RabbitMQ's own image has an entry point; the stand-in has none.
if command -v docker-entrypoint.sh > /dev/null; then exec docker-entrypoint.sh rabbitmq-server; fi
exec /usr/lib/rabbitmq/bin/rabbitmq-server
