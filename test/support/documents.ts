/** Request documents as a producer would write them. */
const PROLOG = '<?xml version="1.0" encoding="UTF-8"?>';

/** `fields` are inserted unescaped. */
export function request(method: string, body: string): string {
  return `${PROLOG}<request method="${method}">${body}</request>`;
}

export function elements(fields: Readonly<Record<string, string | number>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `<${name}>${value}</${name}>`)
    .join('');
}

export const jane = {
  client_id: 1,
  first_name: 'Jane',
  last_name: 'Doe',
  email: 'janedoe@janedoe.com',
  phone: '(123) 456-7890',
  mobile_phone: '(123) 456-7890',
} as const;

export function createRequest(fields: Readonly<Record<string, string | number>> = jane): string {
  return request('contact.create', `<contact>${elements(fields)}</contact>`);
}

export function updateRequest(id: number, changes: Readonly<Record<string, string | number>>): string {
  return request('contact.update', `<contact>${elements({ contact_id: id, ...changes })}</contact>`);
}

export function getRequest(id: number): string {
  return request('contact.get', elements({ contact_id: id }));
}

export function deleteRequest(id: number): string {
  return request('contact.delete', elements({ contact_id: id }));
}

export function listRequest(filter: Readonly<Record<string, string | number>> = {}): string {
  return request('contact.list', elements(filter));
}

/** Returns the successful answer that carries `content`. */
export function okAnswer(content = ''): string {
  return content === '' ? `${PROLOG}<response status="ok"/>` : `${PROLOG}<response status="ok">${content}</response>`;
}

/** Returns the contact_id in an answer to contact.create. */
export function contactIdIn(xml: string): number {
  const found = /<contact_id>(\d+)<\/contact_id>/.exec(xml);
  if (found === null) throw new Error(`no contact_id in ${xml}`);
  return Number(found[1]);
}

/** Returns the codes of an answer's errors, in order. */
export function codesIn(xml: string): string[] {
  return [...xml.matchAll(/<code>([A-Z_]+)<\/code>/g)].map(([, code]) => code ?? '');
}
