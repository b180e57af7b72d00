import { textElement, type Checked, type ElementReader } from './elements.ts';
import { isPlausibleAddress, withoutNeededJoiners } from './email-address.ts';
import { oddCharacterIn, trimmed } from '../protocol/characters.ts';

// One number has one spelling: no sign, no leading zero, no fraction, ASCII digits only.
const DECIMAL = /^[1-9][0-9]{0,15}$/;

/** contact_id and client_id: 1 … 2^53−1, in decimal digits without sign or leading zero. */
export const identifier = positiveInteger(Number.MAX_SAFE_INTEGER);

/** first_name and last_name: 1–255 characters. */
export const personName = textElement((text) => mandatoryText(text, 1, 255));

/** 3–254 characters with one plausible address. */
export const email = textElement((text): Checked<string> => {
  const checked = mandatoryText(text, 3, 254);
  if ('wrong' in checked || isPlausibleAddress(checked.value)) return checked;
  return { wrong: `is not one plausible e-mail address${unseen(withoutNeededJoiners(checked.value))}` };
});

/** phone and mobile_phone: up to 64 characters; empty is allowed. */
export const phoneNumber = textElement((text) => lengthChecked(trimmed(text), 0, 64));

/** An integer from 1 to `most`. */
export function positiveInteger(most: number): ElementReader<number> {
  return textElement((text) => {
    const digits = trimmed(text);
    if (digits === '') return { wrong: 'is empty' };
    const value = DECIMAL.test(digits) ? Number(digits) : NaN;
    return value <= most ? { value } : { wrong: `is not an integer from 1 to ${most}${otherSpelling(digits)}` };
  });
}

// Numbers as people and programs also write them. Bounded, as a text may be long.
const OTHER_SPELLING =
  /^(?:\+[0-9]|-?0[0-9]|[+-]?[0-9]{1,32}[.,_' \u00A0\u202F\u2019eE][-+0-9]|[0-9]{0,32}[^\P{Nd}0-9])/u;

/** What to say of a text that is a number in another spelling, or has what its sender may not see. */
function otherSpelling(text: string): string {
  return OTHER_SPELLING.test(text)
    ? '; digits 0 to 9 only: no sign, no leading zeros, no decimal point, no separators'
    : unseen(text.slice(0, 64));
}

/** Says which character of a refused text its sender may not see. */
function unseen(text: string): string {
  const odd = oddCharacterIn(text);
  return odd === undefined ? '' : `; it has ${odd}`;
}

function mandatoryText(text: string, least: number, most: number): Checked<string> {
  const value = trimmed(text);
  return value === '' ? { wrong: 'is empty' } : lengthChecked(value, least, most);
}

function lengthChecked(value: string, least: number, most: number): Checked<string> {
  const length = charactersIn(value, most + 1);
  if (length > most) return { wrong: `is longer than ${most} characters` };
  return length < least ? { wrong: `is shorter than ${least} characters` } : { value };
}

/** Unicode code points in the text, counted up to `enough`. */
function charactersIn(text: string, enough: number): number {
  let count = 0;
  for (const _ of text) {
    count += 1;
    if (count === enough) break;
  }
  return count;
}
