// Invisible characters (format characters, fillers, selectors), controls and white space. With
// them, two addresses could look the same and differ for the filter of contact.list.
const INVISIBLE = String.raw`\s\p{Cc}\p{Z}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800`;
// Excludes the characters that delimit or structure an address (RFC 5322 specials). All others are
// allowed, as internationalised addresses (RFC 6531) contain letters of any script.
const LOCAL_PART = new RegExp(String.raw`^[^${INVISIBLE}()<>[\]:;,"\\@]+$`, 'u');
// A label of a host name: letters, digits, inner hyphens, underscores (some hosts have them), and
// any visible character beyond ASCII.
const LABEL = new RegExp(String.raw`^[^${INVISIBLE}\u{0}-,./:-@[-^\u{60}{-\u{7f}]+$`, 'u');
/** In code points, not UTF-16 units. */
const MAX_LABEL = 63;

const CURSIVE = scripts('Arab Syrc Mand Mong Nkoo Phag Rohg Adlm');
const INDIC = scripts('Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Khmr Mymr Tibt');
/**
 * The virama of each Indic script, which removes a consonant's vowel. A joiner after it selects the
 * form of the conjunct.
 */
const VIRAMAS = '\u094D\u09CD\u0A4D\u0ACD\u0B4D\u0BCD\u0C4D\u0CCD\u0D4D\u0DCA\u0F84\u1039\u17D2';

/**
 * Arabic letters that never join the next letter: a non-joiner after them is invisible (UCD,
 * Joining_Type).
 */
const NEVER_JOINED =
  '\\u0621-\\u0625\\u0627\\u0629\\u062F-\\u0632\\u0648\\u0671-\\u0677\\u0688-\\u0699\\u06C0\\u06C3-\\u06CB\\u06CD\\u06CF\\u06D2-\\u06D5\\u06EE\\u06EF';

const JOINER = /\u200C|\u200D/;
// Joiners where RFC 5892 (appendix A) allows them in host names, and before the virama, as in
// Bengali. Elsewhere, and in emoji, they may be invisible.
const NEEDED_JOINER = new RegExp(
  [
    `(?<=[${VIRAMAS}])[\\u200C\\u200D]`,
    `(?<=[${INDIC}])\\u200D(?=[${VIRAMAS}])`,
    `(?<=[[[${CURSIVE}]&&\\p{L}]--[${NEVER_JOINED}]]\\p{M}{0,2})\\u200C(?=[[${CURSIVE}]&&\\p{L}])`,
  ].join('|'),
  'gv',
);

/** A character class of these scripts, including marks that several scripts share. */
function scripts(names: string): string {
  return names
    .split(' ')
    .map((name) => String.raw`\p{Script_Extensions=${name}}`)
    .join('');
}

/**
 * Whether the text is one plausible e-mail address: one `@`, before it a text without spaces or
 * separators, after it labels joined by dots (one suffices: `root@localhost`). Rejects quoted local
 * parts, address literals, display names, lists, and invisible characters except joiners that a
 * script needs. Takes linear time.
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

/** The text without the joiners that its script needs. */
export function withoutNeededJoiners(text: string): string {
  return JOINER.test(text) ? text.replace(NEEDED_JOINER, '') : text;
}

function isLabel(label: string): boolean {
  const isShort = label.length <= MAX_LABEL || (label.length <= 2 * MAX_LABEL && [...label].length <= MAX_LABEL);
  return isShort && LABEL.test(label) && !label.startsWith('-') && !label.endsWith('-');
}
