<?php

/**
 * Requests to the contacts worker with php-amqplib. Usage: php contacts.php [MESSAGE_ID]
 *
 * AMQP_URL and REQUEST_QUEUE name the broker and the request queue.
 */

declare(strict_types=1);

use PhpAmqpLib\Channel\AMQPChannel;
use PhpAmqpLib\Connection\AbstractConnection;
use PhpAmqpLib\Connection\AMQPConnectionConfig;
use PhpAmqpLib\Connection\AMQPConnectionFactory;
use PhpAmqpLib\Exception\AMQPExceptionInterface;
use PhpAmqpLib\Exception\AMQPTimeoutException;
use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPTable;

// Composer's autoloader, else that of Debian's package php-amqplib.
require is_file(__DIR__ . '/vendor/autoload.php') ? __DIR__ . '/vendor/autoload.php' : 'PhpAmqpLib/autoload.php';

const ANSWER_SECONDS = 10; // how long one attempt waits for its answer
const CALL_SECONDS = 60; // how long a call repeats its request
const PAUSE_MICROSECONDS = 500_000; // between two attempts

/** The worker refused the request. Sending it again changes nothing. */
final class RequestFailed extends Exception
{
    /** @param SimpleXMLElement[] $problems each with code, message and perhaps field */
    public function __construct(public readonly array $problems)
    {
        parent::__construct((string) $problems[0]->message);
    }
}

/** The outcome is unknown. The same request with the same message_id is safe, at any later time. */
final class NoAnswer extends Exception
{
}

/** No queue has this name: no worker has ever run, or REQUEST_QUEUE is another one. */
final class NotRoutable extends Exception
{
}

/** The request queue refuses requests: it is full. */
final class QueueFull extends Exception
{
}

final class Contacts
{
    private ?AbstractConnection $connection = null;
    private AMQPChannel $channel;
    /** @var array<string, AMQPMessage> by correlation_id */
    private array $answers = [];

    public function __construct(private string $url, private string $queue, private string $appId)
    {
    }

    /**
     * Sends one request document until it is answered.
     *
     * @param int|null $deadline milliseconds since the epoch
     * @return array{SimpleXMLElement, bool} the response, and whether an earlier copy had taken effect
     */
    public function request(string $body, string $messageId, ?int $deadline = null): array
    {
        $correlationId = bin2hex(random_bytes(16));
        $message = new AMQPMessage($body, [
            'message_id' => $messageId, // the same at every attempt: there is one effect
            'app_id' => $this->appId,
            'correlation_id' => $correlationId,
            'reply_to' => 'amq.rabbitmq.reply-to',
            'delivery_mode' => AMQPMessage::DELIVERY_MODE_PERSISTENT,
            'application_headers' => new AMQPTable($deadline === null ? [] : ['deadline' => $deadline]),
        ]);
        for ($end = microtime(true) + CALL_SECONDS; microtime(true) < $end; usleep(PAUSE_MICROSECONDS)) {
            try {
                return $this->read($this->attempt($message, $correlationId));
            } catch (QueueFull) {
                $trouble = 'the queue is full';
            } catch (AMQPTimeoutException) {
                $trouble = 'no answer';
            } catch (AMQPExceptionInterface | ErrorException $error) {
                $trouble = 'connection lost (' . $error->getMessage() . ')';
            }
            $this->close();
            fwrite(STDERR, "$trouble; sending $messageId again\n");
        }
        throw new NoAnswer($messageId);
    }

    /** Publishes once and waits. */
    private function attempt(AMQPMessage $message, string $correlationId): AMQPMessage
    {
        if ($this->connection === null) {
            $this->connect();
        }
        $mandatory = true;
        $this->channel->basic_publish($message, '', $this->queue, $mandatory);
        $end = microtime(true) + ANSWER_SECONDS;
        while (!isset($this->answers[$correlationId])) {
            $left = $end - microtime(true);
            if ($left <= 0) {
                throw new AMQPTimeoutException('no answer in time');
            }
            // Handles one frame: a return, a confirm or an answer.
            $this->channel->wait(null, false, $left);
        }
        $answer = $this->answers[$correlationId];
        unset($this->answers[$correlationId]);
        return $answer;
    }

    private function connect(): void
    {
        $url = parse_url($this->url);
        $config = new AMQPConnectionConfig();
        $config->setHost($url['host']);
        $config->setPort($url['port'] ?? 5672);
        $config->setUser(rawurldecode($url['user'] ?? 'guest'));
        $config->setPassword(rawurldecode($url['pass'] ?? 'guest'));
        $path = substr($url['path'] ?? '', 1);
        $config->setVhost($path === '' ? '/' : rawurldecode($path));
        $config->setIsSecure(($url['scheme'] ?? '') === 'amqps');
        $config->setHeartbeat(10); // a silent broker is noticed after 10 to 20 seconds
        $config->setReadTimeout(20);
        $config->setWriteTimeout(20);
        $connection = AMQPConnectionFactory::create($config);
        $this->channel = $connection->channel();
        $this->channel->confirm_select();
        $this->channel->set_return_listener(function (): void {
            throw new NotRoutable($this->queue);
        });
        $this->channel->set_nack_handler(function (): void {
            throw new QueueFull();
        });
        $noAck = true;
        $receive = function (AMQPMessage $answer): void {
            $this->answers[$answer->get('correlation_id')] = $answer;
        };
        $this->channel->basic_consume('amq.rabbitmq.reply-to', '', false, $noAck, false, false, $receive);
        $this->connection = $connection;
    }

    public function close(): void
    {
        try {
            $this->connection?->close();
        } catch (AMQPExceptionInterface | ErrorException) {
            // It was closed already.
        }
        $this->connection = null;
    }

    private function read(AMQPMessage $answer): array
    {
        $response = new SimpleXMLElement($answer->getBody());
        if ((string) $response['status'] !== 'ok') {
            throw new RequestFailed(iterator_to_array($response->error, false));
        }
        $headers = $answer->get('application_headers')->getNativeData();
        return [$response, $headers['repeated'] ?? false];
    }
}

/** Writes contact.create. The library escapes the text. */
function createRequest(array $fields): string
{
    $xml = new XMLWriter();
    $xml->openMemory();
    $xml->startDocument('1.0', 'UTF-8');
    $xml->startElement('request');
    $xml->writeAttribute('method', 'contact.create');
    $xml->startElement('contact');
    foreach ($fields as $name => $value) {
        $xml->writeElement($name, $value);
    }
    $xml->endElement();
    $xml->endElement();
    return $xml->outputMemory();
}

$url = getenv('AMQP_URL') ?: 'amqp://guest:guest@127.0.0.1:5672';
$queue = getenv('REQUEST_QUEUE') ?: 'contacts.requests';
$messageId = $argv[1] ?? bin2hex(random_bytes(16));
$contacts = new Contacts($url, $queue, 'php-example');

$jane = ['client_id' => '1', 'first_name' => 'Jane', 'last_name' => 'Doe & Söhne', 'email' => 'jane@example.org'];
// The second call stands for a program that does not know whether its first one succeeded.
for ($call = 0; $call < 2; $call++) {
    [$response, $repeated] = $contacts->request(createRequest($jane), $messageId);
    echo "created $response->contact_id repeated=", $repeated ? 'true' : 'false', "\n";
}

unset($jane['email']);
try {
    $contacts->request(createRequest($jane), bin2hex(random_bytes(16)));
} catch (RequestFailed $failed) {
    foreach ($failed->problems as $problem) {
        echo "$problem->code $problem->field: $problem->message\n";
    }
}

$aSecondAgo = (int) (microtime(true) * 1000) - 1000;
try {
    $contacts->request('<request method="contact.list"/>', bin2hex(random_bytes(16)), $aSecondAgo);
} catch (RequestFailed $failed) {
    echo $failed->problems[0]->code, "\n";
}

$contacts->close();
