package bench;

import static org.springframework.data.mongodb.core.query.Criteria.where;
import static org.springframework.data.mongodb.core.query.Query.query;

import bench.Xml.Fields;
import bench.Xml.Request;
import bench.Xml.Response;
import java.util.List;
import org.springframework.data.annotation.Id;
import org.springframework.data.domain.Sort;
import org.springframework.data.domain.Sort.Direction;
import org.springframework.data.mongodb.core.MongoTemplate;
import org.springframework.data.mongodb.core.convert.DefaultMongoTypeMapper;
import org.springframework.data.mongodb.core.convert.MappingMongoConverter;
import org.springframework.data.mongodb.core.index.Index;
import org.springframework.data.mongodb.core.mapping.Document;
import org.springframework.data.mongodb.core.query.Query;
import org.springframework.data.mongodb.core.query.Update;
import org.springframework.stereotype.Component;

/** Runs one database operation for each request. */
@Component
class Contacts {
    private static final int MAX_LENGTH = 255;
    private static final long MAX_ID = (1L << 53) - 1;
    private static final Fields NO_FIELDS = new Fields(null, null, null, null, null, null, null);
    private static final Query COUNTER = query(where("_id").is("contact"));

    @Document("counters")
    private record Counter(@Id String id, long next) {}

    private final MongoTemplate mongo;

    /** Creates the indexes and the counter. */
    Contacts(MongoTemplate mongo) {
        this.mongo = mongo;
        // No field _class in the documents.
        ((MappingMongoConverter) mongo.getConverter()).setTypeMapper(new DefaultMongoTypeMapper(null));
        var indexes = mongo.indexOps(Contact.class);
        indexes.createIndex(new Index().on("client_id", Direction.ASC).on("_id", Direction.ASC));
        indexes.createIndex(new Index().on("email", Direction.ASC).on("_id", Direction.ASC));
        mongo.upsert(COUNTER, new Update().setOnInsert("next", 1L), Counter.class);
    }

    /** Answers a request; the caller's faults are answers. */
    Response execute(byte[] body) {
        try {
            var request = Request.read(body);
            return switch (request.method()) {
                case "contact.create" -> create(fieldsOf(request));
                case "contact.get" -> get(request);
                case "contact.update" -> update(fieldsOf(request));
                case "contact.delete" -> delete(request);
                case "contact.list" -> list(request);
                default -> throw new RequestException("UNKNOWN_METHOD", "there is no such method");
            };
        } catch (RequestException fault) {
            return Response.fault(fault);
        }
    }

    private Response create(Fields fields) {
        long client = idOf(fields.clientId(), "client_id");
        var given = new Contact(null, client, text(fields.firstName(), "first_name"),
            text(fields.lastName(), "last_name"), text(fields.email(), "email"), text(fields.phone(), "phone"),
            text(fields.mobilePhone(), "mobile_phone"));
        if (isMissing(given.firstName()) || isMissing(given.lastName()) || isMissing(given.email())) {
            throw RequestException.invalid("a field is missing");
        }
        var counter = mongo.findAndModify(COUNTER, new Update().inc("next", 1L), Counter.class);
        if (counter == null) throw new IllegalStateException("there is no counter");
        mongo.insert(new Contact(counter.next(), client, given.firstName(), given.lastName(), given.email(),
            given.phone(), given.mobilePhone()));
        return Response.created(counter.next());
    }

    private Response get(Request request) {
        var stored = mongo.findById(idOf(request.contactId(), "contact_id"), Contact.class);
        if (stored == null) throw RequestException.notFound();
        return Response.found(List.of(stored));
    }

    private Response update(Fields fields) {
        var update = new Update();
        set(update, "first_name", fields.firstName());
        set(update, "last_name", fields.lastName());
        set(update, "email", fields.email());
        set(update, "phone", fields.phone());
        set(update, "mobile_phone", fields.mobilePhone());
        var updated = mongo.updateFirst(byId(fields.contactId()), update, Contact.class);
        if (updated.getMatchedCount() == 0) throw RequestException.notFound();
        return Response.empty();
    }

    private Response delete(Request request) {
        var deleted = mongo.remove(byId(request.contactId()), Contact.class);
        if (deleted.getDeletedCount() == 0) throw RequestException.notFound();
        return Response.empty();
    }

    private Response list(Request request) {
        long client = idOf(request.clientId(), "client_id");
        long page = request.page() == null ? 1 : idOf(request.page(), "page");
        int perPage = request.perPage() == null ? 25 : (int) idOf(request.perPage(), "per_page");
        return Response.found(mongo.find(
            query(where("client_id").is(client)).with(Sort.by("_id")).skip((page - 1) * perPage).limit(perPage),
            Contact.class));
    }

    private static Query byId(String id) {
        return query(where("_id").is(idOf(id, "contact_id")));
    }

    private static Fields fieldsOf(Request request) {
        return request.contact() == null ? NO_FIELDS : request.contact();
    }

    private static void set(Update update, String name, String given) {
        if (given != null) update.set(name, text(given, name));
    }

    private static boolean isMissing(String text) {
        return text == null || text.isEmpty();
    }

    private static String text(String given, String name) {
        if (given == null) return null;
        if (given.length() > MAX_LENGTH) throw RequestException.invalid(name + " is too long");
        return given.strip();
    }

    private static long idOf(String given, String name) {
        try {
            long id = given == null ? 0 : Long.parseLong(given);
            if (id >= 1 && id <= MAX_ID) return id;
        } catch (NumberFormatException notNumeric) {
            // Below.
        }
        throw RequestException.invalid(name + " is not an id");
    }
}
