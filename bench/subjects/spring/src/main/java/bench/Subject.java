package bench;

import com.mongodb.ReadConcern;
import com.mongodb.WriteConcern;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.springframework.amqp.core.Queue;
import org.springframework.amqp.core.QueueBuilder;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.amqp.autoconfigure.RabbitTemplateCustomizer;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.boot.mongodb.autoconfigure.MongoClientSettingsBuilderCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.event.EventListener;

/** A consumer in Spring Boot: a listener container, the template's confirms, Jackson and Spring Data. */
@SpringBootApplication
public class Subject {
    @Value("${HTTP_PORT}")
    private int httpPort;

    public static void main(String[] args) {
        SpringApplication.run(Subject.class, args);
    }

    @Bean
    Queue requests(@Value("${REQUEST_QUEUE}") String name) {
        return QueueBuilder.durable(name).quorum().build();
    }

    /** Answers have a connection of their own. */
    @Bean
    RabbitTemplateCustomizer publisherConnection() {
        return template -> template.setUsePublisherConnection(true);
    }

    @Bean
    MongoClientSettingsBuilderCustomizer concerns() {
        return settings -> settings
            .writeConcern(WriteConcern.MAJORITY.withJournal(true))
            .readConcern(ReadConcern.MAJORITY);
    }

    @EventListener(ApplicationReadyEvent.class)
    void serveReadiness() throws IOException {
        var server = HttpServer.create(new InetSocketAddress("127.0.0.1", httpPort), 0);
        server.createContext("/readyz", exchange -> {
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
        });
        server.start();
    }
}
