import { fault, MAX_LISTED, type Fault } from '../protocol/fault.ts';
import type { Read } from '../protocol/method.ts';
import type { XmlElement } from '../protocol/request.ts';
import { isBlank, oddCharacterIn, trimmed } from '../protocol/characters.ts';
import { truncatedName, namespaceHint, quotedAttributes, quotedName } from '../protocol/quoted-name.ts';

/** A parsed value, or every fault in document order. */
export type Parsed<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly faults: readonly Fault[] };

/** Parses one element. Pure; never throws. */
export type ElementReader<Value> = (element: XmlElement) => Parsed<Value>;

/** An element of a group: its reader, and whether it is mandatory. */
export interface Member<Value, Mandatory extends boolean> {
  readonly mandatory: Mandatory;
  readonly read: ElementReader<Value>;
}

/** The elements of a group, by name. Missing ones are reported in this order. */
export type Members = Readonly<Record<string, Member<unknown, boolean>>>;

type ValueOf<M> = M extends Member<infer Value, boolean> ? Value : never;
type MandatoryOf<M extends Members> = { [Name in keyof M]: M[Name]['mandatory'] extends true ? Name : never }[keyof M];

/** The values of a group's elements. An absent optional element has no property. */
export type ValuesOf<M extends Members> = { readonly [Name in MandatoryOf<M>]: ValueOf<M[Name]> } & {
  readonly [Name in Exclude<keyof M, MandatoryOf<M>>]?: ValueOf<M[Name]>;
};

export function mandatory<Value>(read: ElementReader<Value>): Member<Value, true> {
  return { mandatory: true, read };
}

export function optional<Value>(read: ElementReader<Value>): Member<Value, false> {
  return { mandatory: false, read };
}

/**
 * Parses sibling elements: each at most once, in any order, only those of `members`. Returns faults
 * in document order, then the missing elements in the order of `members`.
 */
export function membersReader<M extends Members>(members: M): (elements: readonly XmlElement[]) => Parsed<ValuesOf<M>> {
  // A map, so that a request's `__proto__` is a name like any other.
  const byName = new Map(Object.entries(members));
  return (elements) => {
    const faults: Fault[] = [];
    const values: [name: string, value: unknown][] = [];
    const seen = new Set<string>();
    const repeated = new Set<string>();
    for (const element of elements) {
      const { name } = element;
      if (seen.has(name)) {
        if (!repeated.has(name)) faults.push(nextFault(faults, name, REPEATED));
        repeated.add(name);
        continue;
      }
      seen.add(name);
      const member = byName.get(name);
      if (member === undefined) {
        faults.push(nextFault(faults, name, NOT_KNOWN));
        continue;
      }
      const parsed = member.read(element);
      if (parsed.ok) values.push([name, parsed.value]);
      else faults.push(...parsed.faults);
    }
    for (const [name, member] of byName) {
      if (member.mandatory && !seen.has(name)) faults.push(paramFault(name, 'is missing'));
    }
    return faults.length > 0 ? { ok: false, faults } : { ok: true, value: Object.fromEntries(values) as ValuesOf<M> };
  };
}

/** Parses an element that contains only the elements of `members`. */
export function group<M extends Members>(members: M): ElementReader<ValuesOf<M>> {
  const readMembers = membersReader(members);
  return (element) => {
    const faults = attributeFaults(element);
    if (!isBlank(element.text))
      faults.push(paramFault(element.name, `contains text beside its elements${firstCharacterHint(element.text)}`));
    const parsed = readMembers(element.children);
    if (faults.length === 0) return parsed;
    return { ok: false, faults: parsed.ok ? faults : [...faults, ...parsed.faults] };
  };
}

/**
 * Parses an element that contains only text. `read` returns its value or its problem (`is …`,
 * without the name).
 */
export function textElement<Value>(read: (text: string) => Checked<Value>): ElementReader<Value> {
  return (element) => {
    const faults = attributeFaults(element);
    if (element.children.length > 0) {
      faults.push(paramFault(element.name, 'contains elements where only text is allowed'));
      return { ok: false, faults };
    }
    const checked = read(element.text);
    if ('problem' in checked) faults.push(paramFault(element.name, checked.problem));
    else if (faults.length === 0) return { ok: true, value: checked.value };
    return { ok: false, faults };
  };
}

/** A value, or the problem of the text, which never quotes the text. */
export type Checked<Value> = { readonly value: Value } | { readonly problem: string };

const NOT_KNOWN = 'is not known here';
const REPEATED = 'appears more than once';

/** The problem of an element that follows these; a shared one where an answer only counts it. */
function nextFault(before: readonly Fault[], name: string, problem: typeof NOT_KNOWN | typeof REPEATED): Fault {
  if (before.length >= MAX_LISTED) return COUNTED;
  return paramFault(name, problem === NOT_KNOWN ? `${problem}${namespaceHint(name)}` : problem);
}

/** Stands for a problem that an answer only counts: the messages of thousands would cost milliseconds. */
const COUNTED = fault('INVALID_PARAMS', 'one of many problems');

function paramFault(name: string, problem: string): Fault {
  return fault('INVALID_PARAMS', `${quotedName(name)} ${problem}`, truncatedName(name));
}

/** A hint if a text starts with a character that its sender may not see. */
function firstCharacterHint(text: string): string {
  const odd = oddCharacterIn(trimmed(text).slice(0, 1));
  return odd === undefined ? '' : `; the text begins with ${odd}`;
}

function attributeFaults({ name, attributes }: XmlElement): Fault[] {
  return attributes.length === 0
    ? []
    : [paramFault(name, `has attributes where none are allowed: ${quotedAttributes(attributes)}`)];
}

/** Converts a parsed body to the result of a method's `read`: the command, or the faults. */
export function commandOf<Value, Command>(parsed: Parsed<Value>, toCommand: (value: Value) => Command): Read<Command> {
  return parsed.ok ? { valid: true, command: toCommand(parsed.value) } : { valid: false, faults: parsed.faults };
}
