/** The supported encodings. A declared `UTF-16` leaves the byte order to the mark. */
export type Encoding = 'UTF-8' | 'UTF-16' | 'UTF-16LE' | 'UTF-16BE' | 'US-ASCII' | 'ISO-8859-1' | 'windows-1252';

// IANA's names and aliases, plus the common unregistered names utf8 and latin-1.
const NAMES: Readonly<Record<Encoding, readonly string[]>> = {
  'UTF-8': ['utf-8', 'csutf8', 'utf8'],
  'UTF-16': ['utf-16', 'csutf16'],
  'UTF-16LE': ['utf-16le', 'csutf16le'],
  'UTF-16BE': ['utf-16be', 'csutf16be'],
  'US-ASCII': ['us-ascii', 'ascii', 'ansi_x3.4-1968', 'ansi_x3.4-1986', 'iso646-us', 'iso-ir-6', 'us', 'csascii'],
  'ISO-8859-1': ['iso-8859-1', 'iso_8859-1', 'iso8859-1', 'latin1', 'latin-1', 'l1', 'iso-ir-100', 'csisolatin1'],
  'windows-1252': ['windows-1252', 'cp1252', 'cswindows1252'],
};

const BY_NAME: ReadonlyMap<string, Encoding> = new Map(
  (Object.keys(NAMES) as Encoding[]).flatMap((encoding) => NAMES[encoding].map((name) => [name, encoding] as const)),
);

/** The encoding with this name, case-insensitive; `undefined` if unsupported. */
export function encodingNamed(name: string): Encoding | undefined {
  return BY_NAME.get(name.toLowerCase());
}

// Matches well-formed declarations only; the well-formedness check reports others with their place.
const ENCODING =
  /^<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"[^"<>]*"|'[^'<>]*')[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:"([^"<>]*)"|'([^'<>]*)')/;

/** The encoding that the XML declaration at the start of the text names. */
export function declaredEncoding(text: string): string | undefined {
  const match = ENCODING.exec(text);
  return match?.[1] ?? match?.[2];
}
