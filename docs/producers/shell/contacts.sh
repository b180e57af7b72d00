#!/usr/bin/env bash
# Requests to the contacts worker with the command line `contacts`. Usage: contacts.sh [MESSAGE_ID]
#
# AMQP_URL and REQUEST_QUEUE name the broker and the request queue. A lost connection is the command's
# business: it connects again and sends the request with the same message_id, until --timeout is over.
set -euo pipefail

message_id=${1:-$(date +%s)-$$-$RANDOM}

# Runs a command until its outcome is known: 4 is no answer, 69 no broker. Other codes are returned.
until_answered() {
  local code
  for _ in 1 2 3 4 5 6; do
    code=0
    "$@" || code=$?
    if [ "$code" != 4 ] && [ "$code" != 69 ]; then return "$code"; fi
    echo "no answer (exit code $code); sending again" >&2
    sleep 0.5
  done
  return "$code"
}

create() {
  until_answered contacts create --app-id shell-example --message-id "$message_id" --timeout 10 --output json \
    --client-id 1 --first-name Jane --last-name 'Doe & Söhne' --email jane@example.org
}

# The second call stands for a script that does not know whether its first one succeeded.
create
create

# A field error: an answer with the status fail, and exit code 1.
code=0
contacts send --output xml <<'XML' || code=$?
<request method="contact.create">
  <contact><client_id>1</client_id><first_name>Jane</first_name><last_name>Doe</last_name></contact>
</request>
XML
echo
echo "exit code $code"

# A deadline: the end of --timeout is sent along, so that no worker begins the request afterwards.
code=0
contacts list --timeout 0.001 || code=$?
case $code in
  4 | 69) echo "too late" ;;
  *) exit 1 ;;
esac
