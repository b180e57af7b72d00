import { fault, type Fault } from '../protocol/fault.ts';
import type { Read } from '../protocol/method.ts';
import type { XmlElement } from '../protocol/request.ts';
import { isBlank, oddCharacterIn, trimmed } from '../protocol/characters.ts';
import { boundedName, namespaceHint, toldAttributes, toldName } from '../protocol/told-name.ts';

/** What was read: a value, or every problem in document order. */
export type Parsed<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly faults: readonly Fault[] };

/** Reads one element. Pure; never throws. */
export type ElementReader<Value> = (element: XmlElement) => Parsed<Value>;

/** An element that may stand in a group, and whether it must. */
export interface Member<Value, Mandatory extends boolean> {
  readonly mandatory: Mandatory;
  readonly read: ElementReader<Value>;
}

/** The elements that a group knows, by name; the order is that in which missing ones are told. */
export type Members = Readonly<Record<string, Member<unknown, boolean>>>;

type ValueOf<M> = M extends Member<infer Value, boolean> ? Value : never;
type MandatoryOf<M extends Members> = { [Name in keyof M]: M[Name]['mandatory'] extends true ? Name : never }[keyof M];

/** The values of a group's elements; an optional one that is not there has no property. */
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
 * Reads sibling elements: each at most once, in any order, none but those of `members`. Problems come in document order,
 * and what is missing after them, in the order of `members`, as only the parent's end shows it.
 */
export function membersReader<M extends Members>(members: M): (elements: readonly XmlElement[]) => Parsed<ValuesOf<M>> {
  // Names from a request are looked up in a map, so that `__proto__` is a name like any other.
  const byName = new Map(Object.entries(members));
  return (elements) => {
    const faults: Fault[] = [];
    const values: [name: string, value: unknown][] = [];
    const seen = new Set<string>();
    const repeated = new Set<string>();
    for (const element of elements) {
      const { name } = element;
      if (seen.has(name)) {
        if (!repeated.has(name)) faults.push(problem(name, 'appears more than once'));
        repeated.add(name);
        continue;
      }
      seen.add(name);
      const member = byName.get(name);
      if (member === undefined) {
        faults.push(problem(name, `is not known here${namespaceHint(name)}`));
        continue;
      }
      const parsed = member.read(element);
      if (parsed.ok) values.push([name, parsed.value]);
      else faults.push(...parsed.faults);
    }
    for (const [name, member] of byName) {
      if (member.mandatory && !seen.has(name)) faults.push(problem(name, 'is missing'));
    }
    return faults.length > 0 ? { ok: false, faults } : { ok: true, value: Object.fromEntries(values) as ValuesOf<M> };
  };
}

/** Reads an element that holds only the elements of `members`. */
export function group<M extends Members>(members: M): ElementReader<ValuesOf<M>> {
  const readMembers = membersReader(members);
  return (element) => {
    const own = attributeFaults(element);
    if (!isBlank(element.text))
      own.push(problem(element.name, `contains text beside its elements${begun(element.text)}`));
    const parsed = readMembers(element.children);
    if (own.length === 0) return parsed;
    return { ok: false, faults: parsed.ok ? own : [...own, ...parsed.faults] };
  };
}

/** Reads an element that holds only text; `read` gives its value, or what is wrong with it (`is …`, without the name). */
export function textElement<Value>(read: (text: string) => Checked<Value>): ElementReader<Value> {
  return (element) => {
    const faults = attributeFaults(element);
    if (element.children.length > 0) {
      faults.push(problem(element.name, 'contains elements where only text is allowed'));
      return { ok: false, faults };
    }
    const checked = read(element.text);
    if ('wrong' in checked) faults.push(problem(element.name, checked.wrong));
    else if (faults.length === 0) return { ok: true, value: checked.value };
    return { ok: false, faults };
  };
}

/** A value, or what is wrong with the text, never quoting it. */
export type Checked<Value> = { readonly value: Value } | { readonly wrong: string };

function problem(name: string, what: string): Fault {
  return fault('INVALID_PARAMS', `${toldName(name)} ${what}`, boundedName(name));
}

/** Says of a text what its sender may not see in it. */
function begun(text: string): string {
  const odd = oddCharacterIn(trimmed(text).slice(0, 1));
  return odd === undefined ? '' : `; the text begins with ${odd}`;
}

function attributeFaults({ name, attributes }: XmlElement): Fault[] {
  return attributes.length === 0
    ? []
    : [problem(name, `has attributes where none are allowed: ${toldAttributes(attributes)}`)];
}

/** What a method's `read` gives: the command made of the values, or the problems. */
export function commandOf<Value, Command>(parsed: Parsed<Value>, make: (value: Value) => Command): Read<Command> {
  return parsed.ok ? { valid: true, command: make(parsed.value) } : { valid: false, faults: parsed.faults };
}
