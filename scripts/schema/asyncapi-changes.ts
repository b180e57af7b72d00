import { Parser } from '@asyncapi/parser';

import { ChangeList, partition, type Changes } from './changes.ts';

type Json = Readonly<Record<string, unknown>>;

/** How one asyncapi.yaml differs from an earlier one. Both must pass the official parser. */
export async function asyncApiChanges(earlier: string, present: string): Promise<Changes> {
  const [before, after] = [await parsed(earlier), await parsed(present)];
  const changes = new ChangeList();
  compareNames('operation', before['operations'], after['operations'], changes);
  compareChannels(objectOf(before['channels']), objectOf(after['channels']), changes);
  compareMessages(messagesOf(before), messagesOf(after), changes);
  return changes;
}

async function parsed(text: string): Promise<Json> {
  const { document, diagnostics } = await new Parser().parse(text);
  if (document === undefined) {
    const told = diagnostics.map(({ message }) => message).join('; ');
    throw new Error(`the parser refuses asyncapi.yaml: ${told}`);
  }
  return document.json();
}

function messagesOf(api: Json): Json {
  return objectOf(objectOf(api['components'])['messages']);
}

function compareNames(kind: string, before: unknown, after: unknown, changes: ChangeList): string[] {
  const { removed, added, kept } = partition(Object.keys(objectOf(before)), Object.keys(objectOf(after)));
  for (const name of removed) changes.break(`the ${kind} ${name} is removed`);
  for (const name of added) changes.add(`the ${kind} ${name}`);
  return kept;
}

function compareChannels(before: Json, after: Json, changes: ChangeList): void {
  for (const name of compareNames('channel', before, after, changes)) {
    const [old, now] = [objectOf(before[name]), objectOf(after[name])];
    if (old['address'] !== now['address'])
      changes.break(`channel ${name}: the address is ${String(now['address'])}, not ${String(old['address'])}`);
    const [oldQueue, nowQueue] = [old['bindings'], now['bindings']].map((bindings) => JSON.stringify(bindings));
    if (oldQueue !== nowQueue) changes.break(`channel ${name}: the queue has other arguments`);
  }
}

function compareMessages(before: Json, after: Json, changes: ChangeList): void {
  for (const name of compareNames('message', before, after, changes)) {
    const [old, now] = [objectOf(before[name]), objectOf(after[name])];
    const isRequest = name.endsWith('Request');
    if (old['contentType'] !== now['contentType']) changes.break(`${name}: the content type is another one`);
    compareNames(`failure code (${name})`, old['x-failure-codes'], now['x-failure-codes'], changes);
    compareNames(`reason (${name})`, old['x-reasons'], now['x-reasons'], changes);
    for (const [part, word] of [
      ['headers', 'header'],
      ['x-amqp-properties', 'property'],
    ] as const)
      compareFields(`${name}: the ${word}`, isRequest, objectOf(old[part]), objectOf(now[part]), changes);
  }
}

function compareFields(what: string, isRequest: boolean, before: Json, after: Json, changes: ChangeList): void {
  const [old, now] = [objectOf(before['properties']), objectOf(after['properties'])];
  const [mustBefore, mustNow] = [namesOf(before['required']), namesOf(after['required'])];
  const { removed, added, kept } = partition(Object.keys(old), Object.keys(now));
  for (const name of removed) changes.break(`${what} ${name} is removed`);
  for (const name of added) {
    if (isRequest && mustNow.has(name)) changes.break(`${what} ${name} is new and mandatory`);
    else changes.add(`${what} ${name}`);
  }
  for (const name of kept) {
    if (isRequest && mustNow.has(name) && !mustBefore.has(name)) changes.break(`${what} ${name} is mandatory now`);
    if (!isRequest && !mustNow.has(name) && mustBefore.has(name)) changes.break(`${what} ${name} may be missing now`);
    compareRules(`${what} ${name}`, objectOf(old[name]), objectOf(now[name]), changes);
  }
}

const LIMITS = ['minimum', 'maximum', 'minLength', 'maxLength'];
/** What is compared by its own rule, or is only words. */
const COMPARED = [...LIMITS, 'enum', 'description'];

/** The rules for one value: limits and enumerations by their direction, all others by equality. */
function compareRules(what: string, before: Json, after: Json, changes: ChangeList): void {
  const values = partition(namesOf(before['enum']), namesOf(after['enum']));
  for (const value of values.removed) changes.break(`${what}: the value ${value} is removed`);
  for (const value of values.added) changes.add(`${what}: the value ${value}`);
  for (const limit of LIMITS) {
    const open = limit.startsWith('min') ? -Infinity : Infinity;
    const [old, now] = [Number(before[limit] ?? open), Number(after[limit] ?? open)];
    if (old === now) continue;
    const words = `${what}: ${limit} is ${now}, not ${old}`;
    if (limit.startsWith('min') ? now > old : now < old) changes.break(words);
    else changes.add(words);
  }
  const others = (rule: Json): string =>
    JSON.stringify(Object.entries(rule).filter(([key]) => !COMPARED.includes(key) && !key.startsWith('x-')));
  if (others(before) !== others(after)) changes.break(`${what} has another rule`);
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function namesOf(value: unknown): Set<string> {
  return new Set(Array.isArray(value) ? value.map(String) : []);
}
