import { randomUUID } from 'node:crypto';

/** One request of the demo. */
export interface Step {
  readonly title: string;
  readonly messageId: string;
  readonly expected: 'ok' | 'fail';
  /** Returns the document, given the id in the first answer. */
  xml(contactId: string): string;
}

const PROLOG = '<?xml version="1.0" encoding="UTF-8"?>';

function step(title: string, method: string, body: (id: string) => string, more: Partial<Step> = {}): Step {
  const xml = (id: string): string => `${PROLOG}<request method="${method}">${body(id)}</request>`;
  return { title, messageId: randomUUID(), expected: 'ok', xml, ...more };
}

const creation = step(
  'Create a contact',
  'contact.create',
  () =>
    '<contact><client_id>42</client_id><first_name>Zoë</first_name><last_name>O&apos;Brien &amp; Søn</last_name>' +
    '<email>zoe@example.org</email><phone>(123) 456-7890</phone></contact>',
);

/** The five methods, a repeated message and a request that fails. */
export const steps: readonly Step[] = [
  creation,
  { ...creation, title: 'The same message again: the same answer, and still one contact' },
  step('Get it', 'contact.get', (id) => `<contact_id>${id}</contact_id>`),
  step(
    'Change some fields, keep the others (an empty phone clears it)',
    'contact.update',
    (id) =>
      `<contact><contact_id>${id}</contact_id><email>Zoe@Example.org</email><phone/>` +
      '<mobile_phone>+45 12 34 56 78</mobile_phone></contact>',
  ),
  step(
    'List the contacts of a client',
    'contact.list',
    () => '<client_id>42</client_id><page>1</page><per_page>10</per_page>',
  ),
  step('Delete it', 'contact.delete', (id) => `<contact_id>${id}</contact_id>`),
  step(
    'A request that fails: all its problems in one answer',
    'contact.create',
    () => '<contact><client_id>many</client_id><first_name/><last_name>O</last_name><nick>Z</nick></contact>',
    { expected: 'fail' },
  ),
];
