import java.io.File;
import javax.xml.XMLConstants;
import javax.xml.transform.stream.StreamSource;
import javax.xml.validation.SchemaFactory;
import javax.xml.validation.Validator;
import org.xml.sax.SAXException;

/** Validates documents with the JDK's own XML Schema 1.0: arguments are pairs of a schema and a document; one line for each. */
class Validate {
  public static void main(String[] files) throws Exception {
    var factory = SchemaFactory.newInstance(XMLConstants.W3C_XML_SCHEMA_NS_URI);
    var validators = new java.util.HashMap<String, Validator>();
    for (int i = 0; i + 1 < files.length; i += 2) {
      var validator = validators.get(files[i]);
      if (validator == null) {
        validator = factory.newSchema(new File(files[i])).newValidator();
        validators.put(files[i], validator);
      }
      try {
        validator.validate(new StreamSource(new File(files[i + 1])));
        System.out.println("valid");
      } catch (SAXException refused) {
        System.out.println("refused");
      }
    }
  }
}
