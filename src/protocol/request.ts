/** An element of a decoded document. Names are data: never use them as keys of plain objects. */
export interface XmlElement {
  readonly name: string;
  /** Name and value of each attribute, in document order. */
  readonly attributes: readonly (readonly [name: string, value: string])[];
  readonly children: readonly XmlElement[];
  /** The element's own character data, joined, as the sender meant it (references and CDATA resolved, nothing trimmed). */
  readonly text: string;
}

/** A well-formed `<request method="…">`; whether the method exists and its body fits is not known yet. */
export interface RequestEnvelope {
  readonly method: string;
  /** The children of `<request>`, in document order. */
  readonly body: readonly XmlElement[];
}
