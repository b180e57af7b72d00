// Characters that end or structure an address (RFC 5322 specials), white space and controls; the rest is allowed, as
// internationalised addresses (RFC 6531) have letters of any script.
const LOCAL_PART = /^[^\s\p{Cc}\p{Z}()<>[\]:;,"\\@]+$/u;
// A label of a host name: letters, digits and inner hyphens, and anything beyond ASCII that is visible.
const LABEL = /^[^\s\p{Cc}\p{Z}\u{0}-,./:-@[-`{-\u{7f}]+$/u;
const LONGEST_LABEL = 63;

/**
 * Whether the text is one plausible e-mail address: one `@`, something without spaces or separators before it, and after
 * it labels joined by dots (one is enough: `root@localhost`). Quoted local parts, address literals, display names and
 * lists are refused. Takes linear time.
 */
export function isPlausibleAddress(text: string): boolean {
  const at = text.indexOf('@');
  if (!LOCAL_PART.test(text.slice(0, Math.max(at, 0)))) return false;
  return text
    .slice(at + 1)
    .split('.')
    .every(isLabel);
}

function isLabel(label: string): boolean {
  return label.length <= LONGEST_LABEL && LABEL.test(label) && !label.startsWith('-') && !label.endsWith('-');
}
