"""Requests to the contacts worker with pika. Usage: contacts.py [MESSAGE_ID]

AMQP_URL and REQUEST_QUEUE name the broker and the request queue.
"""

import os
import sys
import time
import uuid
import xml.etree.ElementTree as ET
from dataclasses import dataclass

import pika
from pika.exceptions import AMQPError, NackError, UnroutableError

ANSWER_SECONDS = 10  # how long one attempt waits for its answer
CALL_SECONDS = 60  # how long a call repeats its request
PAUSE_SECONDS = 0.5  # between two attempts


@dataclass
class Answer:
    response: ET.Element
    repeated: bool  # an earlier copy of the request had taken effect


@dataclass
class RequestFailed(Exception):
    """The worker refused the request. Sending it again changes nothing."""

    problems: list  # of (code, field or None, message)


class NoAnswer(Exception):
    """The outcome is unknown. The same request with the same message_id is safe, at any later time."""


class NotRoutable(Exception):
    """No queue has this name: no worker has ever run, or REQUEST_QUEUE is another one."""


class Contacts:
    def __init__(self, url, queue, app_id):
        self.parameters = pika.URLParameters(url)
        self.parameters.heartbeat = 10  # a silent broker is noticed after 10 to 20 seconds
        self.parameters.socket_timeout = 5
        self.parameters.blocked_connection_timeout = ANSWER_SECONDS
        self.queue = queue
        self.app_id = app_id
        self.connection = None
        self.answers = {}

    def request(self, body, message_id, deadline=None):
        """Sends one request document until it is answered. deadline: milliseconds since the epoch."""
        properties = pika.BasicProperties(
            message_id=message_id,  # the same at every attempt: there is one effect
            app_id=self.app_id,
            correlation_id=str(uuid.uuid4()),
            reply_to="amq.rabbitmq.reply-to",
            delivery_mode=2,
            headers={} if deadline is None else {"deadline": deadline},
        )
        end = time.monotonic() + CALL_SECONDS
        while time.monotonic() < end:
            try:
                answer = self.attempt(body, properties)
                if answer is not None:
                    return read(*answer)
                print(f"no answer; sending {message_id} again", file=sys.stderr)
            except UnroutableError:
                raise NotRoutable(self.queue) from None
            except NackError:
                print(f"the queue is full; sending {message_id} again", file=sys.stderr)
            except (AMQPError, OSError) as error:
                self.connection = None
                print(f"connection lost ({error!r}); sending {message_id} again", file=sys.stderr)
            time.sleep(PAUSE_SECONDS)
        raise NoAnswer(message_id)

    def attempt(self, body, properties):
        """Publishes once and waits. Returns None where no answer came in time."""
        if self.connection is None:
            self.connect()
        # Returns after the broker's confirm. Raises where it returned or refused the message.
        self.channel.basic_publish("", self.queue, body, properties, mandatory=True)
        end = time.monotonic() + ANSWER_SECONDS
        while properties.correlation_id not in self.answers and time.monotonic() < end:
            self.connection.process_data_events(time_limit=1)
        return self.answers.pop(properties.correlation_id, None)

    def connect(self):
        connection = pika.BlockingConnection(self.parameters)
        self.channel = connection.channel()
        self.channel.confirm_delivery()
        self.channel.basic_consume("amq.rabbitmq.reply-to", self.receive, auto_ack=True)
        self.connection = connection

    def receive(self, _channel, _method, properties, body):
        self.answers[properties.correlation_id] = (properties.headers, body)

    def close(self):
        if self.connection is not None and self.connection.is_open:
            self.connection.close()


def read(headers, body):
    response = ET.fromstring(body)
    if response.get("status") == "ok":
        return Answer(response, bool(headers.get("repeated")))
    problems = [(e.findtext("code"), e.findtext("field"), e.findtext("message")) for e in response.iter("error")]
    raise RequestFailed(problems)


def create_request(**fields):
    """Writes contact.create. The library escapes the text."""
    request = ET.Element("request", method="contact.create")
    contact = ET.SubElement(request, "contact")
    for name, value in fields.items():
        ET.SubElement(contact, name).text = str(value)
    return ET.tostring(request, encoding="UTF-8", xml_declaration=True)


def main():
    url = os.environ.get("AMQP_URL", "amqp://guest:guest@127.0.0.1:5672/%2F")
    queue = os.environ.get("REQUEST_QUEUE", "contacts.requests")
    message_id = sys.argv[1] if len(sys.argv) > 1 else str(uuid.uuid4())
    contacts = Contacts(url, queue, app_id="python-example")

    jane = create_request(client_id=1, first_name="Jane", last_name="Doe & Söhne", email="jane@example.org")
    # The second call stands for a program that does not know whether its first one succeeded.
    for _ in range(2):
        answer = contacts.request(jane, message_id)
        print(f"created {answer.response.findtext('contact_id')} repeated={str(answer.repeated).lower()}")

    try:
        contacts.request(create_request(client_id=1, first_name="Jane", last_name="Doe"), str(uuid.uuid4()))
    except RequestFailed as failed:
        for code, field, message in failed.problems:
            print(f"{code} {field}: {message}")

    try:
        a_second_ago = int(time.time() * 1000) - 1000
        contacts.request(b'<request method="contact.list"/>', str(uuid.uuid4()), deadline=a_second_ago)
    except RequestFailed as failed:
        print(failed.problems[0][0])

    contacts.close()


if __name__ == "__main__":
    main()
