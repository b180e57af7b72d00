// What cannot be seen (format characters, fillers, selectors), controls and white space. Two addresses that look the same
// would be two to the filter of contact.list.
const UNSEEN = String.raw`\s\p{Cc}\p{Z}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800`;
// Characters that end or structure an address (RFC 5322 specials); the rest is allowed, as internationalised addresses
// (RFC 6531) have letters of any script.
const LOCAL_PART = new RegExp(String.raw`^[^${UNSEEN}()<>[\]:;,"\\@]+$`, 'u');
// A label of a host name: letters, digits, inner hyphens, the underscore that some hosts have, and anything visible beyond
// ASCII.
const LABEL = new RegExp(String.raw`^[^${UNSEEN}\u{0}-,./:-@[-^\u{60}{-\u{7f}]+$`, 'u');
/** In characters, not UTF-16 units. */
const MAX_LABEL = 63;

const CURSIVE = scripts('Arab Syrc Mand Mong Nkoo Phag Rohg Adlm');
const INDIC = scripts('Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Khmr Mymr Tibt');
/** The sign of each Indic script that takes a consonant's vowel away: a joiner behind it says how the conjunct is drawn. */
const VIRAMAS = '\u094D\u09CD\u0A4D\u0ACD\u0B4D\u0BCD\u0C4D\u0CCD\u0D4D\u0DCA\u0F84\u1039\u17D2';

/** Letters of the Arabic script that do not join the next one: a non-joiner behind them shows nothing (UCD, Joining_Type). */
const NEVER_JOINED =
  '\\u0621-\\u0625\\u0627\\u0629\\u062F-\\u0632\\u0648\\u0671-\\u0677\\u0688-\\u0699\\u06C0\\u06C3-\\u06CB\\u06CD\\u06CF\\u06D2-\\u06D5\\u06EE\\u06EF';

const INVISIBLE_AND_NEEDED = /\u200C|\u200D/;
// Joiners as RFC 5892 (appendix A) allows them in names of hosts, and as Bengali has them before the virama. Elsewhere, and
// in emoji, they do not show for certain.
const NEEDED = new RegExp(
  [
    `(?<=[${VIRAMAS}])[\\u200C\\u200D]`,
    `(?<=[${INDIC}])\\u200D(?=[${VIRAMAS}])`,
    `(?<=[[[${CURSIVE}]&&\\p{L}]--[${NEVER_JOINED}]]\\p{M}{0,2})\\u200C(?=[[${CURSIVE}]&&\\p{L}])`,
  ].join('|'),
  'gv',
);

/** With the marks that several scripts share. */
function scripts(names: string): string {
  return names
    .split(' ')
    .map((name) => String.raw`\p{Script_Extensions=${name}}`)
    .join('');
}

/**
 * Whether the text is one plausible e-mail address: one `@`, something without spaces or separators before it, and after
 * it labels joined by dots (one is enough: `root@localhost`). Quoted local parts, address literals, display names and
 * lists are refused, and so are invisible characters, but for joiners where a script needs them. Takes linear time.
 */
export function isPlausibleAddress(text: string): boolean {
  const address = withoutNeededJoiners(text);
  const at = address.indexOf('@');
  if (!LOCAL_PART.test(address.slice(0, Math.max(at, 0)))) return false;
  return address
    .slice(at + 1)
    .split('.')
    .every(isLabel);
}

/** The text without the invisible characters that it may have. */
export function withoutNeededJoiners(text: string): string {
  return INVISIBLE_AND_NEEDED.test(text) ? text.replace(NEEDED, '') : text;
}

function isLabel(label: string): boolean {
  const short = label.length <= MAX_LABEL || (label.length <= 2 * MAX_LABEL && [...label].length <= MAX_LABEL);
  return short && LABEL.test(label) && !label.startsWith('-') && !label.endsWith('-');
}
