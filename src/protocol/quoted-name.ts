import { withOddOnesShown } from './characters.ts';
import type { XmlElement } from './request.ts';

/** Characters of a name that an answer quotes. The longest name of the API has twelve. */
const MAX_QUOTED_NAME = 64;
/** Attributes of one element that an answer names. */
const MAX_QUOTED_ATTRIBUTES = 3;

/** Truncates a request's name to whole characters, so that an answer stays short. */
export function truncatedName(name: string): string {
  // Twice as many code units always hold the characters; this avoids splitting a long name.
  const start = name.slice(0, 2 * MAX_QUOTED_NAME);
  if (name.length <= MAX_QUOTED_NAME) return name;
  const characters = [...start];
  if (start.length === name.length && characters.length <= MAX_QUOTED_NAME) return name;
  return `${characters.slice(0, MAX_QUOTED_NAME).join('')}…`;
}

/** A name as a message quotes it: truncated, with invisible characters shown. */
export function quotedName(name: string): string {
  return withOddOnesShown(truncatedName(name));
}

/** The names of the first attributes, never their values, with a hint if namespaces are meant. */
export function quotedAttributes(attributes: XmlElement['attributes']): string {
  const names = attributes.map(([name]) => name);
  const quoted = names.slice(0, MAX_QUOTED_ATTRIBUTES).map(quotedName).join(', ');
  const others = names.length - MAX_QUOTED_ATTRIBUTES;
  return `${quoted}${others > 0 ? ` and ${others} more` : ''}${namespaceHint(...names)}`;
}

/** A hint if one of the names declares a namespace or has a prefix; otherwise empty. */
export function namespaceHint(...names: readonly string[]): string {
  const meant = names.some((name) => name === 'xmlns' || name.includes(':'));
  return meant ? '; namespaces are not read: leave out xmlns attributes and prefixes' : '';
}
