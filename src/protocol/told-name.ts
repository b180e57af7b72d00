import { withOddOnesShown } from './characters.ts';
import type { XmlElement } from './request.ts';

/** Characters of a name that an answer repeats. The interface's longest has twelve. */
const MAX_NAME_TOLD = 64;
/** Attributes of one element that an answer names. */
const MAX_ATTRIBUTES_TOLD = 3;

/** A name from a request, cut to a length that an answer can bear; whole characters only. */
export function boundedName(name: string): string {
  // Twice as many code units hold the characters for certain, and a long name is not taken apart.
  const start = name.slice(0, 2 * MAX_NAME_TOLD);
  if (name.length <= MAX_NAME_TOLD) return name;
  const characters = [...start];
  if (start.length === name.length && characters.length <= MAX_NAME_TOLD) return name;
  return `${characters.slice(0, MAX_NAME_TOLD).join('')}…`;
}

/** A name as a message repeats it: bounded, and with what cannot be seen shown. */
export function toldName(name: string): string {
  return withOddOnesShown(boundedName(name));
}

/** The names of the attributes, the first few of many, never their values, and what to do where namespaces are meant. */
export function toldAttributes(attributes: XmlElement['attributes']): string {
  const names = attributes.map(([name]) => name);
  const told = names.slice(0, MAX_ATTRIBUTES_TOLD).map(toldName).join(', ');
  const others = names.length - MAX_ATTRIBUTES_TOLD;
  return `${told}${others > 0 ? ` and ${others} more` : ''}${namespaceHint(...names)}`;
}

/** What to say behind names of elements or attributes of which one declares a namespace or has a prefix; else nothing. */
export function namespaceHint(...names: readonly string[]): string {
  const meant = names.some((name) => name === 'xmlns' || name.includes(':'));
  return meant ? '; namespaces are not read: leave out xmlns attributes and prefixes' : '';
}
