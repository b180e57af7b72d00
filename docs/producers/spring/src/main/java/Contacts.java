import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.stream.XMLOutputFactory;
import org.springframework.amqp.AmqpException;
import org.springframework.amqp.core.AmqpMessageReturnedException;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageBuilder;
import org.springframework.amqp.core.MessageDeliveryMode;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory.ConfirmType;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.w3c.dom.Element;

/**
 * Requests to the contacts worker with Spring's RabbitTemplate. Its argument is a message_id.
 * AMQP_URL and REQUEST_QUEUE name the broker and the request queue. In an application Spring makes the template.
 */
public final class Contacts {
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

  private final RabbitTemplate template;
  private final String queue;
  private final String appId;

  Contacts(RabbitTemplate template, String queue, String appId) {
    this.template = template;
    this.queue = queue;
    this.appId = appId;
  }

  /** The template that requests need. Direct reply-to is its default. */
  static RabbitTemplate templateFor(CachingConnectionFactory connections) {
    connections.setPublisherConfirmType(ConfirmType.CORRELATED);
    connections.setPublisherReturns(true);
    RabbitTemplate template = new RabbitTemplate(connections);
    template.setMandatory(true);
    template.setReplyTimeout(ANSWER_MS);
    return template;
  }

  /**
   * Sends one request document until it is answered. {@code deadline}: milliseconds since the epoch, or null.
   * AmqpMessageReturnedException: no worker has ever run, or REQUEST_QUEUE is another one.
   */
  Answer request(byte[] body, String messageId, Long deadline) throws Exception {
    long end = System.currentTimeMillis() + CALL_MS;
    while (System.currentTimeMillis() < end) {
      String trouble = "no answer";
      try {
        // The template sets reply_to and correlation_id in the message: each attempt needs a new one.
        Message answer = template.sendAndReceive("", queue, message(body, messageId, deadline));
        if (answer != null) {
          return read(answer);
        }
      } catch (AmqpMessageReturnedException returned) {
        throw returned;
      } catch (AmqpException error) {
        trouble = "connection lost (" + error + ")";
      }
      System.err.println(trouble + "; sending " + messageId + " again");
      Thread.sleep(PAUSE_MS);
    }
    throw new NoAnswer(messageId);
  }

  private Message message(byte[] body, String messageId, Long deadline) {
    Message message = MessageBuilder.withBody(body)
        .setMessageId(messageId) // the same at every attempt: there is one effect
        .setAppId(appId)
        .setContentType("application/xml")
        .setDeliveryMode(MessageDeliveryMode.PERSISTENT)
        .build();
    if (deadline != null) {
      message.getMessageProperties().setHeader("deadline", deadline);
    }
    return message;
  }

  private static Answer read(Message answer) throws Exception {
    DocumentBuilderFactory documents = DocumentBuilderFactory.newInstance();
    documents.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
    Element response =
        documents.newDocumentBuilder().parse(new ByteArrayInputStream(answer.getBody())).getDocumentElement();
    if (response.getAttribute("status").equals("ok")) {
      Object repeated = answer.getMessageProperties().getHeaders().get("repeated");
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
    CachingConnectionFactory connections = new CachingConnectionFactory(URI.create(url));
    connections.setRequestedHeartBeat(10); // a silent broker is noticed after 10 to 20 seconds
    // Spring's own threads would keep a program without a context alive for a minute.
    // What the connection still reports while it closes needs none of them.
    var threads = new ThreadPoolExecutor(0, Integer.MAX_VALUE, 60, TimeUnit.SECONDS,
        new SynchronousQueue<>(), new ThreadPoolExecutor.DiscardPolicy());
    connections.setExecutor(threads);
    RabbitTemplate template = templateFor(connections);
    try {
      Contacts contacts = new Contacts(template, queue, "spring-example");
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
    } finally {
      template.stop();
      connections.destroy();
      threads.shutdownNow();
    }
  }
}
