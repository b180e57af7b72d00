/**
 * An element of a decoded document. Its name is untrusted: never use it as a key of a plain object.
 */
export interface XmlElement {
  readonly name: string;
  /** Name and value of each attribute, in document order. */
  readonly attributes: readonly (readonly [name: string, value: string])[];
  readonly children: readonly XmlElement[];
  /**
   * The element's own character data, joined: references and CDATA are resolved, nothing is
   * trimmed.
   */
  readonly text: string;
}

/** A well-formed `<request method="…">`. Its method and body are not validated yet. */
export interface RequestEnvelope {
  readonly method: string;
  /** The children of `<request>`, in document order. */
  readonly body: readonly XmlElement[];
}
