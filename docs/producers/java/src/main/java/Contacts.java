import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.stream.XMLOutputFactory;
import org.w3c.dom.Element;

/**
 * Requests to the contacts worker with amqp-client. Its argument is a message_id.
 * AMQP_URL and REQUEST_QUEUE name the broker and the request queue. One thread uses an object at a time.
 */
public final class Contacts implements AutoCloseable {
  /** How long one attempt waits for its answer. */
  private static final long ANSWER_MS = 10_000;
  /** How long a call repeats its request. */
  private static final long CALL_MS = 60_000;
  /** Between two attempts. */
  private static final long PAUSE_MS = 500;

  /** @param repeated an earlier copy of the request had taken effect */
  record Answer(Element response, boolean repeated) {}

  /** @param field null where no field is at fault */
  record Problem(String code, String field, String message) {}

  /** The worker refused the request. Sending it again changes nothing. */
  static final class RequestFailed extends Exception {
    final transient List<Problem> problems;

    RequestFailed(List<Problem> problems) {
      super(problems.toString());
      this.problems = problems;
    }
  }

  /** The outcome is unknown. The same request with the same message_id is safe, at any later time. */
  static final class NoAnswer extends Exception {
    NoAnswer(String messageId) {
      super(messageId);
    }
  }

  /** No queue has this name: no worker has ever run, or REQUEST_QUEUE is another one. */
  static final class NotRoutable extends Exception {
    NotRoutable(String queue) {
      super(queue);
    }
  }

  /** What reaches the waiting thread: an answer, or a reason why there is none. */
  private record Event(String kind, AMQP.BasicProperties properties, byte[] body) {}

  private final ConnectionFactory factory = new ConnectionFactory();
  private final String queue;
  private final String appId;
  private Connection connection;
  private Channel channel;
  private BlockingQueue<Event> events;

  Contacts(String url, String queue, String appId) throws Exception {
    factory.setUri(url);
    factory.setRequestedHeartbeat(10); // a silent broker is noticed after 10 to 20 seconds
    factory.setConnectionTimeout(5_000);
    // A call connects again by itself: only it knows which request to repeat.
    factory.setAutomaticRecoveryEnabled(false);
    this.queue = queue;
    this.appId = appId;
  }

  /** Sends one request document until it is answered. {@code deadline}: milliseconds since the epoch, or null. */
  Answer request(byte[] body, String messageId, Long deadline) throws Exception {
    AMQP.BasicProperties properties = new AMQP.BasicProperties.Builder()
        .messageId(messageId) // the same at every attempt: there is one effect
        .appId(appId)
        .correlationId(UUID.randomUUID().toString())
        .replyTo("amq.rabbitmq.reply-to")
        .deliveryMode(2)
        .headers(deadline == null ? Map.of() : Map.of("deadline", deadline))
        .build();
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CALL_MS);
    while (System.nanoTime() < end) {
      String trouble;
      try {
        Event event = attempt(body, properties);
        switch (event.kind()) {
          case "answer":
            return read(event);
          case "returned":
            throw new NotRoutable(queue);
          default:
            trouble = event.kind();
        }
      } catch (IOException | TimeoutException | com.rabbitmq.client.ShutdownSignalException error) {
        trouble = "connection lost (" + error + ")";
      }
      close();
      System.err.println(trouble + "; sending " + messageId + " again");
      Thread.sleep(PAUSE_MS);
    }
    throw new NoAnswer(messageId);
  }

  /** Publishes once and waits for the answer, or for what rules it out. */
  private Event attempt(byte[] body, AMQP.BasicProperties properties) throws Exception {
    if (connection == null) {
      connect();
    }
    boolean mandatory = true;
    channel.basicPublish("", queue, mandatory, properties, body);
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(ANSWER_MS);
    while (true) {
      Event event = events.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
      if (event == null) {
        return new Event("no answer", null, null);
      }
      boolean isForAnother = event.kind().equals("answer")
          && !properties.getCorrelationId().equals(event.properties().getCorrelationId());
      if (!isForAnother) {
        return event;
      }
    }
  }

  private void connect() throws IOException, TimeoutException {
    BlockingQueue<Event> received = new LinkedBlockingQueue<>();
    connection = factory.newConnection();
    connection.addShutdownListener(
        cause -> received.add(new Event("connection lost (" + cause.getMessage() + ")", null, null)));
    channel = connection.createChannel();
    channel.confirmSelect();
    channel.addReturnListener(
        (code, text, exchange, key, properties, body) -> received.add(new Event("returned", properties, body)));
    channel.addConfirmListener(
        (tag, multiple) -> { }, (tag, multiple) -> received.add(new Event("the queue is full", null, null)));
    boolean autoAck = true;
    channel.basicConsume(
        "amq.rabbitmq.reply-to", autoAck,
        (tag, delivery) -> received.add(new Event("answer", delivery.getProperties(), delivery.getBody())),
        tag -> { });
    events = received;
  }

  @Override
  public void close() {
    if (connection != null) {
      connection.abort(1_000);
    }
    connection = null;
  }

  private static Answer read(Event event) throws Exception {
    DocumentBuilderFactory documents = DocumentBuilderFactory.newInstance();
    documents.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
    Element response =
        documents.newDocumentBuilder().parse(new ByteArrayInputStream(event.body())).getDocumentElement();
    if (response.getAttribute("status").equals("ok")) {
      Object repeated = event.properties().getHeaders().get("repeated");
      return new Answer(response, Boolean.TRUE.equals(repeated));
    }
    List<Problem> problems = new ArrayList<>();
    var errors = response.getElementsByTagName("error");
    for (int at = 0; at < errors.getLength(); at++) {
      Element error = (Element) errors.item(at);
      problems.add(new Problem(text(error, "code"), text(error, "field"), text(error, "message")));
    }
    throw new RequestFailed(problems);
  }

  private static String text(Element parent, String name) {
    var found = parent.getElementsByTagName(name);
    return found.getLength() == 0 ? null : found.item(0).getTextContent();
  }

  /** Writes a request. The library escapes the text. */
  static byte[] document(String method, Map<String, String> contact) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    var xml = XMLOutputFactory.newInstance().createXMLStreamWriter(bytes, "UTF-8");
    xml.writeStartDocument("UTF-8", "1.0");
    xml.writeStartElement("request");
    xml.writeAttribute("method", method);
    if (!contact.isEmpty()) {
      xml.writeStartElement("contact");
      for (var field : contact.entrySet()) {
        xml.writeStartElement(field.getKey());
        xml.writeCharacters(field.getValue());
        xml.writeEndElement();
      }
      xml.writeEndElement();
    }
    xml.writeEndDocument();
    xml.close();
    return bytes.toByteArray();
  }

  public static void main(String[] args) throws Exception {
    String url = System.getenv().getOrDefault("AMQP_URL", "amqp://guest:guest@127.0.0.1:5672");
    String queue = System.getenv().getOrDefault("REQUEST_QUEUE", "contacts.requests");
    String messageId = args.length > 0 ? args[0] : UUID.randomUUID().toString();
    try (Contacts contacts = new Contacts(url, queue, "java-example")) {
      Map<String, String> jane = new LinkedHashMap<>(); // keeps the order: a repeat has the same bytes
      jane.put("client_id", "1");
      jane.put("first_name", "Jane");
      jane.put("last_name", "Doe & Söhne");
      jane.put("email", "jane@example.org");
      byte[] create = document("contact.create", jane);
      // The second call stands for a program that does not know whether its first one succeeded.
      for (int call = 0; call < 2; call++) {
        Answer answer = contacts.request(create, messageId, null);
        System.out.println("created " + text(answer.response(), "contact_id") + " repeated=" + answer.repeated());
      }

      jane.remove("email");
      try {
        contacts.request(document("contact.create", jane), UUID.randomUUID().toString(), null);
      } catch (RequestFailed failed) {
        for (Problem problem : failed.problems) {
          System.out.println(problem.code() + " " + problem.field() + ": " + problem.message());
        }
      }

      long aSecondAgo = System.currentTimeMillis() - 1_000;
      try {
        contacts.request(document("contact.list", Map.of()), UUID.randomUUID().toString(), aSecondAgo);
      } catch (RequestFailed failed) {
        System.out.println(failed.problems.get(0).code());
      }
    }
  }
}
