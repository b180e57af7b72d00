package bench;

import org.springframework.data.annotation.Id;
import org.springframework.data.mongodb.core.mapping.Document;
import org.springframework.data.mongodb.core.mapping.Field;

/** A contact as it is stored. */
@Document("contacts")
record Contact(
        @Id Long id,
        @Field("client_id") Long clientId,
        @Field("first_name") String firstName,
        @Field("last_name") String lastName,
        String email,
        String phone,
        @Field("mobile_phone") String mobilePhone) {}
