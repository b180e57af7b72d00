import { randomUUID } from 'node:crypto';
import { connect } from 'amqplib';
import { parseDocument } from './codec/document.ts';
import type { Contact, Contacts } from './cli/contacts.ts';
import type { Connection } from './cli/surroundings.ts';

export async function interim({ urls, queue, appId, timeoutMs, maxInFlight = 256 }: Connection): Promise<Contacts> {
  const model = await connect(urls[0] as string);
  const channel = await model.createConfirmChannel();
  const waiting = new Map<string, (m: any) => void>();
  const failing = new Map<string, (e: Error) => void>();
  await channel.consume('amq.rabbitmq.reply-to', (m) => { if (m) { waiting.get(m.properties.correlationId)?.(m); waiting.delete(m.properties.correlationId); } }, { noAck: true });
  channel.on('return', (m) => failing.get(m.properties.correlationId)?.(Object.assign(new Error(`no queue ${queue}`), { name: 'UnroutableError', code: 'UNROUTABLE' })));
  void maxInFlight;
  const call = (xml: string | Uint8Array, o: any = {}): Promise<any> => new Promise((resolve, reject) => {
    const correlationId = randomUUID();
    const timer = setTimeout(() => reject(Object.assign(new Error('no answer'), { name: 'TimeoutError', code: 'TIMEOUT' })), o.timeoutMs ?? timeoutMs);
    failing.set(correlationId, (e) => { clearTimeout(timer); reject(e); });
    waiting.set(correlationId, (m) => { clearTimeout(timer); failing.delete(correlationId); resolve({ status: m.properties.headers.status, xml: m.content.toString(), headers: m.properties.headers }); });
    channel.publish('', queue, Buffer.from(xml as string), { mandatory: true, persistent: true, replyTo: 'amq.rabbitmq.reply-to', correlationId, messageId: o.messageId ?? randomUUID(), appId });
  });
  const esc = (t: string): string => t.replace(/[&<>\r]/g, (c) => `&#${c.charCodeAt(0)};`);
  const names: any = { clientId: 'client_id', firstName: 'first_name', lastName: 'last_name', email: 'email', phone: 'phone', mobilePhone: 'mobile_phone', page: 'page', perPage: 'per_page', contactId: 'contact_id' };
  const els = (o: any): string => Object.entries(o).map(([k, v]) => `<${names[k]}>${esc(String(v))}</${names[k]}>`).join('');
  const req = async (m: string, body: string, o: any): Promise<any> => {
    const a = await call(`<?xml version="1.0" encoding="UTF-8"?><request method="${m}">${body}</request>`, o);
    const p = parseDocument(Buffer.from(a.xml)) as any;
    if (a.status === 'ok') return { ...a, root: p.root };
    const problems = p.root.children.map((e: any) => Object.fromEntries(e.children.map((c: any) => [c.name, c.text])));
    throw Object.assign(new Error(problems[0].message), { name: problems[0].code === 'NOT_FOUND' ? 'NotFoundError' : 'RequestFailedError', code: problems[0].code, problems });
  };
  const contact = (e: any): Contact => { const f = Object.fromEntries(e.children.map((c: any) => [c.name, c.text])) as any; return { contactId: Number(f.contact_id), firstName: f.first_name, lastName: f.last_name, email: f.email, phone: f.phone, mobilePhone: f.mobile_phone }; };
  const self: Contacts = {
    async create(c, o) { const a = await req('contact.create', `<contact>${els(c)}</contact>`, o); return { contactId: Number(a.root.children[0].text), repeated: a.headers.repeated === true }; },
    async update(id, c, o) { const a = await req('contact.update', `<contact>${els({ contactId: id, ...c })}</contact>`, o); return { repeated: a.headers.repeated === true }; },
    async get(id, o) { return contact((await req('contact.get', els({ contactId: id }), o)).root.children[0]); },
    async delete(id, o) { const a = await req('contact.delete', els({ contactId: id }), o); return { repeated: a.headers.repeated === true }; },
    async list(q, o) { const a = await req('contact.list', els(q), o); return { contacts: a.root.children.map(contact), hasMore: a.headers.has_more }; },
    async *listAll(q, o) { for (let page = 1; ; page++) { const r = await self.list({ ...q, page }, o); yield* r.contacts; if (!r.hasMore) return; } },
    request: call,
    async close() { await model.close(); },
  };
  return self;
}
