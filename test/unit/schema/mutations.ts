import fc from 'fast-check';

import { node, type Node } from './rendering.ts';
import { anyText, METHOD_NAMES, valuesOf } from './requests.ts';

/** A change to a request, most of which break one rule. */
export type Mutation = (request: Node) => fc.Arbitrary<Node>;

const NAMES = [
  'contact',
  'contact_id',
  'client_id',
  'first_name',
  'last_name',
  'email',
  'phone',
  'mobile_phone',
  'page',
  'per_page',
  'Email',
  'e-mail',
  'id',
  'request',
  'method',
  '__proto__',
  'constructor',
  'x.y',
  'имя',
];
const anyName = fc.constantFrom(...NAMES);

const someElement: fc.Arbitrary<Node> = anyName.chain((name) =>
  fc.oneof(valuesOf(name).good, valuesOf(name).any).map((text) => node(name, [text])),
);

/** Where an element is: the position of each ancestor among its siblings, and its own. */
type Path = readonly number[];

function paths(root: Node, own: Path = []): Path[] {
  const below = root.content.flatMap((part, at) => (typeof part === 'string' ? [] : paths(part, [...own, at])));
  return [own, ...below];
}

function changed(root: Node, path: Path, change: (element: Node) => readonly Node[]): Node {
  const [at, ...rest] = path;
  // The root cannot be dropped or doubled.
  if (at === undefined) return change(root)[0] ?? root;
  const content = root.content.flatMap((part, index): readonly (Node | string)[] => {
    if (index !== at || typeof part === 'string') return [part];
    return rest.length === 0 ? change(part) : [changed(part, rest, change)];
  });
  return { ...root, content };
}

const anywhere = (request: Node): fc.Arbitrary<Path> => fc.constantFrom(...paths(request));
const belowRoot = (request: Node): fc.Arbitrary<Path> => fc.constantFrom(...paths(request).slice(1), []);
const leaf = (request: Node): fc.Arbitrary<Path> =>
  fc.constantFrom(...paths(request).filter((path) => elementAt(request, path).content.every(isText)), []);

function elementAt(root: Node, path: Path): Node {
  return path.reduce((element, at) => element.content[at] as Node, root);
}

function isText(part: Node | string): part is string {
  return typeof part === 'string';
}

/** The mutation that changes one element with something drawn for it. */
function changeOf<Drawn>(
  where: (request: Node) => fc.Arbitrary<Path>,
  drawn: fc.Arbitrary<Drawn>,
  change: (element: Node, drawn: Drawn) => readonly Node[],
): Mutation {
  return (request) =>
    fc.tuple(where(request), drawn).map(([path, what]) => changed(request, path, (element) => change(element, what)));
}

const position = fc.integer({ min: 0, max: 9 });
const inserted = <Part>(parts: readonly Part[], part: Part, at: number): Part[] => [
  ...parts.slice(0, at),
  part,
  ...parts.slice(at),
];

const ATTRIBUTES = ['id', 'type', 'Method', 'lang', 'nil', 'a-b', '__proto__', 'xml:lang', 'xml:space'];
const attribute = fc.tuple(fc.constantFrom(...ATTRIBUTES), fc.constantFrom('', 'preserve', 'en', '1'));

const methodText = fc.oneof(
  fc.constantFrom(...METHOD_NAMES),
  fc.constantFrom(
    '',
    ' ',
    'contact',
    'contact.Create',
    'contact. get',
    'contact.get\u00a0',
    'contact.get contact.get',
    'x',
  ),
);

/** The rules of a request, each by what breaks it. */
export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'an element is missing': changeOf(belowRoot, fc.constant(0), () => []),
  'an element is empty': changeOf(belowRoot, fc.constant(0), (element) => [{ ...element, content: [] }]),
  'an element is repeated': changeOf(belowRoot, fc.boolean(), (element, apart) => [
    element,
    ...(apart ? [node('phone', ['1'])] : []),
    element,
  ]),
  'an element is added': changeOf(anywhere, fc.tuple(someElement, position), (element, [added, at]) => [
    { ...element, content: inserted(element.content, added, at) },
  ]),
  'an element has another name': changeOf(anywhere, anyName, (element, name) => [{ ...element, name }]),
  'an element is in another one': changeOf(belowRoot, anyName, (element, name) => [node(name, [element])]),
  'an element has lost its parent': changeOf(belowRoot, fc.constant(0), (element) => {
    const inner = element.content.filter((part) => !isText(part));
    return inner.length > 0 ? (inner as Node[]) : [element];
  }),
  'a value is another one': (request) =>
    leaf(request).chain((path) =>
      valuesOf(elementAt(request, path).name).any.map((text) =>
        changed(request, path, (element) => [{ ...element, content: [text] }]),
      ),
    ),
  'a text is somewhere': changeOf(anywhere, fc.tuple(anyText, position), (element, [text, at]) => [
    { ...element, content: inserted(element.content, text, at) },
  ]),
  'an element has an attribute': changeOf(anywhere, attribute, (element, added) => {
    const others = element.attributes.filter(([name]) => name !== added[0]);
    return [{ ...element, attributes: [...others, added] }];
  }),
  'the method is another one': (request) =>
    methodText.map((method) => ({ ...request, attributes: [['method', method]] })),
  'there is no method': (request) => fc.constant({ ...request, attributes: [] }),
};

/** Any of the changes. */
export const anyMutation: Mutation = (request) =>
  fc.constantFrom(...Object.values(MUTATIONS)).chain((mutation) => mutation(request));
