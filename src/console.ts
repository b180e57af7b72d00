import { once } from 'node:events';
import { appendFileSync, readFileSync } from 'node:fs';
import type { Writable } from 'node:stream';

import { openDeadLetters } from './amqp/dead-letter-queue/queue.ts';
import { inspectBroker } from './amqp/inspection/broker.ts';
import { receivedPart } from './amqp/wire/abridged.ts';
import { errorsIn } from './cli/answer.ts';
import type { ConsoleRequest } from './cli/console-request.ts';
import { CommandError } from './cli/errors.ts';
import { EXIT_CODES } from './cli/exit-codes.ts';
import { ContactsClient } from './client/index.ts';
import { decode } from './codec/decode.ts';
import { parseDocument } from './codec/document.ts';
import { encodeRows } from './codec/encode.ts';
import { letterAddress } from './codec/routing-key.ts';
import type { ConsoleContext } from './console/context.ts';
import { outline } from './console/documents/outline.ts';
import { startConsole, type RunningConsole } from './console/server.ts';
import { reasonOf } from './console/problem.ts';
import { isLoopback } from './console/security/hosts.ts';
import { isGuessable, newSecret } from './console/security/sessions.ts';
import { DEFAULT_LOOK_MS } from './console/settings.ts';
import type { ContactRepository } from './contacts/repository.ts';
import { apiMethods } from './methods/index.ts';
import { openRequestSearch } from './mongo/request-search.ts';
import { identityOf } from './pipeline/identity.ts';
import { fault, listedFaults, type Fault } from './protocol/fault.ts';
import { requestQueuesOf } from './protocol/request-queues.ts';
import type { Config } from './settings/config.ts';

const BROKER_TIMEOUT_MS = 5_000;
const DATABASE_TIMEOUT_MS = 8_000;
const HEARTBEAT_S = 10;
const APP_ID = 'contacts-console';

/** The settings that the console reads; those of the worker. */
export type ConsoleConfig = Pick<
  Config,
  | 'amqpUrls'
  | 'amqpTls'
  | 'mongodbTls'
  | 'requestQueue'
  | 'requestQueues'
  | 'maxRequestBytes'
  | 'listMaxPerPage'
  | 'mongodbUrl'
>;

/** The process around it. */
export interface ConsoleProcess {
  readonly stderr: Pick<Writable, 'write'>;
  /** Ends the console. */
  readonly stop: AbortSignal;
  /** Whether a database is set. */
  readonly hasDatabase: boolean;
}

/** `contacts console`: serves until `stop`. Rejects with `CommandError` where it cannot listen. */
export async function serveConsole(
  request: ConsoleRequest,
  config: ConsoleConfig,
  { stderr, stop, hasDatabase }: ConsoleProcess,
): Promise<void> {
  const token = request.token ?? newSecret();
  const audit = (line: string): void => {
    stderr.write(`${line}\n`);
    if (request.auditLog !== undefined) appendFileSync(request.auditLog, `${line}\n`, { mode: 0o600 });
  };
  const { port, host, allowHost: allowedHosts = [], publicUrl: publicOrigin, readOnly = false, undo } = request;
  const times = { undoMs: undo * 1_000, lookEveryMs: DEFAULT_LOOK_MS };
  const settings = { host, port, allowedHosts, publicOrigin, readOnly, token, ...times };
  let running: RunningConsole;
  try {
    if (request.auditLog !== undefined) appendFileSync(request.auditLog, '', { mode: 0o600 });
    running = await startConsole(contextOf(request, config, hasDatabase, audit), settings);
  } catch (error) {
    throw new CommandError(EXIT_CODES.failed, `The console cannot start: ${reasonOf(error)}`);
  }
  for (const warning of warningsAbout(request)) stderr.write(`Warning: ${warning}\n`);
  const place = publicOrigin === undefined ? running.url : `${publicOrigin}/ and listens on ${running.url}`;
  stderr.write(`The console is at ${place}${readOnly ? ' (read-only)' : ''}\n`);
  stderr.write(request.token === undefined ? `Token: ${token}\n` : 'Token: as in the token file\n');
  if (!stop.aborted) await once(stop, 'abort');
  await running.close();
}

/** What makes the console unsafe, although it starts. */
function warningsAbout({ host, publicUrl, token }: ConsoleRequest): string[] {
  const warnings: string[] = [];
  if (!isLoopback(host) && publicUrl?.startsWith('https:') !== true) {
    warnings.push(
      `the console listens on ${host} without TLS: whoever is on the way reads the token and personal data. ` +
        'Put a proxy with TLS in front and name it with --public-url https://NAME, or let only this machine reach it.',
    );
  }
  if (token !== undefined && isGuessable(token)) {
    warnings.push('the token is easy to guess. Make one with: openssl rand -base64 32');
  }
  return warnings;
}

function contextOf(
  request: ConsoleRequest,
  config: ConsoleConfig,
  hasDatabase: boolean,
  audit: (line: string) => void,
): ConsoleContext {
  const {
    amqpUrls: urls,
    amqpTls: tls,
    requestQueue: queue,
    requestQueues: count,
    maxRequestBytes: maxBytes,
    listMaxPerPage,
    mongodbUrl,
  } = config;
  // Reading a request needs no store: the methods are built without one.
  const methods = apiMethods({} as ContactRepository, { listMaxPerPage, encodeRows });
  const knownNames = new Set([...ELEMENTS, ...methods.map(({ name }) => name)]);
  const connection = { urls, tls, timeoutMs: BROKER_TIMEOUT_MS, heartbeatS: HEARTBEAT_S };
  return {
    queue,
    requestQueues: requestQueuesOf({ name: queue, count }).map((each) => each.queue),
    metricsUrls: request.metrics,
    logFiles: request.log ?? [],
    version: versionOf(),
    openLetters: () => openDeadLetters(connection, queue, (letter) => letterAddress({ name: queue, count }, letter)),
    lookAtBroker: () => inspectBroker(connection),
    traces: hasDatabase ? openRequestSearch(mongodbUrl, DATABASE_TIMEOUT_MS, config.mongodbTls) : undefined,
    connect: () => ContactsClient.connect({ url: urls, tls, queue, queues: count, appId: APP_ID }),
    methodOf: (body) => {
      const decoded = decode(body, { maxBytes });
      return decoded.ok ? decoded.request.method : decoded.method;
    },
    faultsIn: faultFinder(methods, maxBytes),
    outlineOf: (body) => {
      const parsed = body.length > maxBytes ? undefined : parseDocument(body);
      return parsed?.ok === true ? outline(parsed.root, knownNames) : undefined;
    },
    keyOf: ({ appId, messageId, body }) => {
      const properties = { appId, messageId, correlationId: undefined, replyTo: undefined, headers: {} };
      return identityOf({ ...receivedPart(body, maxBytes), redelivered: false, properties }).key.id;
    },
    errorsIn,
    audit,
  };
}

function faultFinder(methods: ReturnType<typeof apiMethods>, maxBytes: number): (body: Uint8Array) => readonly Fault[] {
  const byName = new Map(methods.map((method) => [method.name, method]));
  return (body) => {
    const decoded = decode(body, { maxBytes });
    if (!decoded.ok) return [decoded.fault];
    const method = byName.get(decoded.request.method);
    if (method === undefined) {
      return [fault('UNKNOWN_METHOD', `no such method; there are ${[...byName.keys()].join(', ')}`)];
    }
    const read = method.read(decoded.request.body);
    return read.valid ? [] : listedFaults(read.faults);
  };
}

/** Elements of the API's requests: no producer's text. */
const ELEMENTS: readonly string[] =
  'request contact contact_id client_id first_name last_name email phone mobile_phone page per_page'.split(' ');

function versionOf(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return (manifest as { readonly version: string }).version;
}
