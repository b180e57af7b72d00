package bench;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonRootName;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.dataformat.xml.XmlMapper;
import tools.jackson.dataformat.xml.XmlWriteFeature;
import tools.jackson.dataformat.xml.annotation.JacksonXmlElementWrapper;
import tools.jackson.dataformat.xml.annotation.JacksonXmlProperty;

/** The documents of requests and answers. */
final class Xml {
    private static final XmlMapper MAPPER = XmlMapper.builder()
        .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
        .enable(XmlWriteFeature.WRITE_XML_DECLARATION)
        .build();

    private Xml() {}

    /** The elements of a contact in a request; null where one is missing. */
    record Fields(String contactId, String clientId, String firstName, String lastName, String email, String phone,
            String mobilePhone) {}

    record Request(@JacksonXmlProperty(isAttribute = true) String method, String contactId, String clientId,
            String page, String perPage, Fields contact) {

        /** Throws a RequestException where the body is no request. */
        static Request read(byte[] body) {
            Request request;
            try {
                request = MAPPER.readValue(body, Request.class);
            } catch (StreamReadException malformed) {
                throw new RequestException("MALFORMED_XML", "the request is not well-formed");
            } catch (JacksonException other) {
                throw new RequestException("INVALID_REQUEST", "this is no request");
            }
            if (request == null || request.method == null) {
                throw new RequestException("INVALID_REQUEST", "this is no request");
            }
            return request;
        }
    }

    record Fault(String code, String message) {}

    /** A contact in an answer. */
    record Answered(long contactId, String firstName, String lastName, String email, String phone,
            String mobilePhone) {

        static Answered of(Contact stored) {
            return new Answered(stored.id(), text(stored.firstName()), text(stored.lastName()), text(stored.email()),
                text(stored.phone()), text(stored.mobilePhone()));
        }

        private static String text(String stored) {
            return stored == null ? "" : stored;
        }
    }

    @JsonRootName("response")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Response(
            @JacksonXmlProperty(isAttribute = true) String status,
            Fault error,
            Long contactId,
            @JacksonXmlElementWrapper(useWrapping = false) @JacksonXmlProperty(localName = "contact")
            List<Answered> contacts) {

        static Response empty() {
            return new Response("ok", null, null, null);
        }

        static Response created(long id) {
            return new Response("ok", null, id, null);
        }

        static Response found(List<Contact> stored) {
            return new Response("ok", null, null, stored.stream().map(Answered::of).toList());
        }

        static Response fault(RequestException fault) {
            return new Response("fail", new Fault(fault.code, fault.getMessage()), null, null);
        }

        byte[] document() {
            return MAPPER.writeValueAsBytes(this);
        }
    }
}
