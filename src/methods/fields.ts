import { textElement, type Checked, type ElementReader } from './elements.ts';
import { isPlausibleAddress, withoutNeededJoiners } from './email-address.ts';
import { oddCharacterIn, trimmed } from '../protocol/characters.ts';

// One spelling per number: no sign, no leading zero, no fraction, ASCII digits only.
const DECIMAL = /^[1-9][0-9]{0,15}$/;

/** contact_id and client_id: 1 … 2^53−1, in decimal digits without sign or leading zero. */
export const identifier = positiveInteger(Number.MAX_SAFE_INTEGER);

/** first_name and last_name: 1–255 characters. */
export const personName = textElement((text) => mandatoryText(text, 1, 255));

/** 3–254 characters with one plausible address. */
export const email = textElement((text): Checked<string> => {
  const checked = mandatoryText(text, 3, 254);
  if ('problem' in checked || isPlausibleAddress(checked.value)) return checked;
  return {
    problem: `is not one plausible e-mail address${invisibleCharacterHint(withoutNeededJoiners(checked.value))}`,
  };
});

/** phone and mobile_phone: up to 64 characters; empty is allowed. */
export const phoneNumber = textElement((text) => checkLength(trimmed(text), 0, 64));

/** An integer from 1 to `max`. */
export function positiveInteger(max: number): ElementReader<number> {
  return textElement((text) => {
    const digits = trimmed(text);
    if (digits === '') return { problem: 'is empty' };
    const value = DECIMAL.test(digits) ? Number(digits) : NaN;
    return value <= max ? { value } : { problem: `is not an integer from 1 to ${max}${spellingHint(digits)}` };
  });
}

// Other common spellings of numbers. Bounded, as a text may be long.
const OTHER_SPELLING =
  /^(?:\+[0-9]|-?0[0-9]|[+-]?[0-9]{1,32}[.,_' \u00A0\u202F\u2019eE][-+0-9]|[0-9]{0,32}[^\P{Nd}0-9])/u;

/**
 * A hint if the text is a number in another spelling, or has a character that its sender may not
 * see.
 */
function spellingHint(text: string): string {
  return OTHER_SPELLING.test(text)
    ? '; digits 0 to 9 only: no sign, no leading zeros, no decimal point, no separators'
    : invisibleCharacterHint(text.slice(0, 64));
}

/** A hint if the text has a character that its sender may not see. */
function invisibleCharacterHint(text: string): string {
  const odd = oddCharacterIn(text);
  return odd === undefined ? '' : `; it has ${odd}`;
}

function mandatoryText(text: string, min: number, max: number): Checked<string> {
  const value = trimmed(text);
  return value === '' ? { problem: 'is empty' } : checkLength(value, min, max);
}

function checkLength(value: string, min: number, max: number): Checked<string> {
  const length = countCharacters(value, max + 1);
  if (length > max) return { problem: `is longer than ${max} characters` };
  return length < min ? { problem: `is shorter than ${min} characters` } : { value };
}

/** Counts the Unicode code points of the text, up to `limit`. */
function countCharacters(text: string, limit: number): number {
  let count = 0;
  for (const _ of text) {
    count += 1;
    if (count === limit) break;
  }
  return count;
}
