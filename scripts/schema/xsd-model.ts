import { Buffer } from 'node:buffer';

import { parseDocument } from '../../src/codec/document.ts';
import type { XmlElement } from '../../src/protocol/request.ts';

/** An element in a group. */
export interface Particle {
  readonly name: string;
  readonly type: string;
  readonly min: number;
  /** Infinity where unbounded. */
  readonly max: number;
}

export interface Attribute {
  readonly type: string;
  readonly isRequired: boolean;
  readonly fixed: string | undefined;
}

export interface ComplexType {
  /** How its elements follow each other: all, sequence, choice, or empty. */
  readonly group: string;
  readonly particles: readonly Particle[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

export interface SimpleType {
  readonly base: string;
  readonly enumeration: readonly string[];
  readonly patterns: readonly string[];
  /** Bounds: maxInclusive, minLength and so on. */
  readonly bounds: ReadonlyMap<string, number>;
}

/** An XML Schema, as far as contacts.xsd uses the language. */
export interface XsdModel {
  readonly roots: ReadonlyMap<string, string>;
  readonly complexTypes: ReadonlyMap<string, ComplexType>;
  readonly simpleTypes: ReadonlyMap<string, SimpleType>;
}

/** Reads a schema. Throws where it uses something that no comparison understands. */
export function xsdModel(text: string): XsdModel {
  const parsed = parseDocument(Buffer.from(text));
  if (!parsed.ok) throw new Error(`the schema cannot be read: ${parsed.fault.message}`);
  const top = parsed.root.children;
  const named = <Value>(kind: string, read: (element: XmlElement) => Value): Map<string, Value> =>
    new Map(top.filter(({ name }) => name === kind).map((element) => [required(element, 'name'), read(element)]));
  return {
    roots: named('xs:element', (element) => required(element, 'type')),
    complexTypes: named('xs:complexType', complexType),
    simpleTypes: named('xs:simpleType', simpleType),
  };
}

const GROUPS = new Set(['xs:all', 'xs:sequence', 'xs:choice']);

function complexType(element: XmlElement): ComplexType {
  const restriction = childOf(childOf(element, 'xs:complexContent'), 'xs:restriction') ?? element;
  const group = restriction.children.find(({ name }) => GROUPS.has(name));
  known(restriction, ['xs:annotation', 'xs:attribute', 'xs:complexContent', ...GROUPS]);
  if (group !== undefined) known(group, ['xs:element']);
  return {
    group: group?.name.replace('xs:', '') ?? 'empty',
    particles: (group?.children ?? []).map((one) => ({
      name: required(one, 'name'),
      type: required(one, 'type'),
      min: Number(valueOf(one, 'minOccurs') ?? 1),
      max: Number((valueOf(one, 'maxOccurs') ?? '1').replace('unbounded', 'Infinity')),
    })),
    attributes: new Map(
      restriction.children
        .filter(({ name }) => name === 'xs:attribute')
        .map((one) => [
          required(one, 'name'),
          {
            type: required(one, 'type'),
            isRequired: valueOf(one, 'use') === 'required',
            fixed: valueOf(one, 'fixed'),
          },
        ]),
    ),
  };
}

const BOUNDS = ['minInclusive', 'maxInclusive', 'minLength', 'maxLength'].map((name) => `xs:${name}`);

function simpleType(element: XmlElement): SimpleType {
  const restriction = childOf(element, 'xs:restriction');
  if (restriction === undefined) throw new Error(`the type ${valueOf(element, 'name')} is no restriction`);
  known(restriction, ['xs:enumeration', 'xs:pattern', ...BOUNDS]);
  const values = (kind: string): string[] =>
    restriction.children.filter(({ name }) => name === kind).map((one) => required(one, 'value'));
  return {
    base: required(restriction, 'base'),
    enumeration: values('xs:enumeration'),
    patterns: values('xs:pattern'),
    bounds: new Map(
      BOUNDS.flatMap((name) => values(name).map((value) => [name.replace('xs:', ''), Number(value)] as const)),
    ),
  };
}

function known(element: XmlElement, names: readonly string[]): void {
  const other = element.children.find(({ name }) => !names.includes(name));
  if (other !== undefined) throw new Error(`the comparison does not understand <${other.name}> in <${element.name}>`);
}

function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((one) => one.name === name);
}

function valueOf({ attributes }: XmlElement, name: string): string | undefined {
  return attributes.find(([one]) => one === name)?.[1];
}

function required(element: XmlElement, name: string): string {
  const value = valueOf(element, name);
  if (value === undefined) throw new Error(`<${element.name}> has no ${name}`);
  return value;
}
