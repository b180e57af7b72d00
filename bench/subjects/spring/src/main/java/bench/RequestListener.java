package bench;

import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.amqp.AmqpException;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageBuilder;
import org.springframework.amqp.core.MessageDeliveryMode;
import org.springframework.amqp.rabbit.annotation.RabbitListener;
import org.springframework.amqp.rabbit.connection.CorrelationData;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.stereotype.Component;

/** Answers requests. The container acknowledges one once its answer is confirmed. */
@Component
class RequestListener {
    private static final Logger LOG = LoggerFactory.getLogger(RequestListener.class);
    private static final long CONFIRM_LIMIT_S = 30;

    private final RabbitTemplate template;
    private final Contacts contacts;

    RequestListener(RabbitTemplate template, Contacts contacts) {
        this.template = template;
        this.contacts = contacts;
    }

    @RabbitListener(queues = "${REQUEST_QUEUE}")
    void handle(Message request) throws Exception {
        long started = System.nanoTime();
        var properties = request.getMessageProperties();
        var response = contacts.execute(request.getBody());
        var answer = MessageBuilder.withBody(response.document())
            .setContentType("application/xml")
            .setDeliveryMode(MessageDeliveryMode.PERSISTENT)
            .setCorrelationId(properties.getCorrelationId())
            .setHeader("status", response.status())
            .build();
        var correlation = new CorrelationData();
        template.send("", properties.getReplyTo(), answer, correlation);
        if (!correlation.getFuture().get(CONFIRM_LIMIT_S, TimeUnit.SECONDS).ack()) {
            throw new AmqpException("the broker refused the answer");
        }
        double ms = (System.nanoTime() - started) / 1_000 / 1_000.0;
        LOG.info("request={} status={} ms={}", properties.getCorrelationId(), response.status(), ms);
    }
}
