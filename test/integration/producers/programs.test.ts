import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { afterAll, describe, expect, test, type TestContext } from 'vitest';

import { listRequest } from '../../support/documents.ts';
import { runningWorker } from '../../support/running-worker.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { bash, commandsUnder, folderOfContacts, type Ended } from './page-commands.ts';

const ROOT = new URL('../../../', import.meta.url);
const PAGE = new URL('docs/producers/README.md', ROOT);
const LIMIT_MS = 120_000;
const PREPARE_LIMIT_MS = 240_000;
const TEST_LIMIT_MS = 500_000;

interface Language {
  readonly heading: string;
  readonly folder: string;
  /** Succeeds where the tools are installed. */
  readonly probe: string;
}

const PROBE_PHP = `exit((extension_loaded("xmlwriter") && @include "PhpAmqpLib/autoload.php") ? 0 : 1);`;

const LANGUAGES: readonly Language[] = [
  { heading: 'Python', folder: 'python', probe: 'python3 -c "import venv, ensurepip"' },
  { heading: 'Go', folder: 'go', probe: 'go version' },
  { heading: 'Java', folder: 'java', probe: 'javac --version && mvn --version' },
  { heading: 'Java with Spring', folder: 'spring', probe: 'javac --version && mvn --version' },
  { heading: 'PHP', folder: 'php', probe: `php -r '${PROBE_PHP}'` },
  { heading: 'The shell', folder: 'shell', probe: 'true' },
];

const running = runningWorker();
const copy = mkdtempSync(join(tmpdir(), 'contacts-producers-'));
afterAll(() => rmSync(copy, { recursive: true, force: true }));

const commands = folderOfContacts();

/** Runs commands where the page would, with the worker's queue and the given broker. */
function run(text: string, amqpUrl: string, queue: string, limitMs = LIMIT_MS): Promise<Ended> {
  const env = {
    ...process.env,
    PATH: `${commands}${delimiter}${process.env['PATH']}`,
    AMQP_URL: amqpUrl,
    REQUEST_QUEUE: queue,
  };
  return bash(text, { cwd: copy, env, limitMs });
}

/** Gives the last command of the page's block, in its folder, after the others have run. */
async function prepared({ heading, folder, probe }: Language, context: TestContext): Promise<string> {
  const { amqpUrl, queue } = running.names;
  const lines = commandsUnder(PAGE, heading).trimEnd().split('\n');
  if ((await run(probe, amqpUrl, queue)).code !== 0) context.skip(`not installed: ${probe}`);
  cpSync(new URL(`docs/producers/${folder}`, ROOT), join(copy, 'docs/producers', folder), { recursive: true });
  const { code, out, err } = await run(lines.slice(0, -1).join('\n'), amqpUrl, queue, PREPARE_LIMIT_MS);
  // A program that cannot be compiled is a failure; packages that cannot be had are not.
  expect(out + err).not.toContain('COMPILATION ERROR');
  if (code !== 0) {
    console.warn(`The program for ${heading} is not tested, as its packages cannot be installed:\n${out}${err}`);
    context.skip('its packages cannot be installed');
  }
  return `${lines[0]}\n${lines.at(-1)}`;
}

async function contactCount(): Promise<number> {
  const { xml } = await running.requester.request(listRequest({ per_page: 1000 }));
  return [...xml.matchAll(/<contact>/g)].length;
}

/** A broker whose connection is reset when the first answer with a contact_id comes. */
async function brokerThatLosesOneAnswer(): Promise<TcpProxy> {
  let isLost = false;
  return TcpProxy.before(running.names.amqpUrl, (connection) => ({
    chunk: (direction, bytes) => {
      if (isLost || direction !== 'down' || !bytes.includes('<contact_id>')) return bytes;
      isLost = true;
      connection.reset();
      return undefined;
    },
  }));
}

/** What a program has printed about its contact: its id and whether each answer was a repeated one. */
function createdIn(out: string): { readonly ids: Set<string>; readonly repeated: readonly string[] } {
  const lines = [...out.matchAll(/^(?:created |\{"contact_id":)(\d+)(?: repeated=|,"repeated":)(true|false)\}?$/gm)];
  return { ids: new Set(lines.map(([, id = '']) => id)), repeated: lines.map(([, , repeated = '']) => repeated) };
}

describe.each(LANGUAGES.map((language) => [language.heading, language] as const))('%s', (_, language) => {
  test(
    'the program creates one contact, and reports a field error and a deadline',
    async (context) => {
      const command = await prepared(language, context);
      const { amqpUrl, queue } = running.names;
      const before = await contactCount();
      const { code, out, err } = await run(command, amqpUrl, queue);
      expect(code, out + err).toBe(0);
      const { ids, repeated } = createdIn(out);
      expect(ids.size, out + err).toBe(1);
      expect(repeated).toEqual(['false', 'true']);
      expect(await contactCount()).toBe(before + 1);
      expect(out).toMatch(
        language.folder === 'shell'
          ? /<code>INVALID_PARAMS<\/code><field>email<\/field>[^]*exit code 1\ntoo late\n$/
          : /\nINVALID_PARAMS email: email is missing\nEXPIRED\n/,
      );
    },
    TEST_LIMIT_MS,
  );

  test(
    'an answer that is lost with the connection is asked for again: one effect',
    async (context) => {
      const command = await prepared(language, context);
      const broker = await brokerThatLosesOneAnswer();
      const before = await contactCount();
      try {
        const { code, out, err } = await run(command, broker.url(running.names.amqpUrl), running.names.queue);
        expect(code, out + err).toBe(0);
        const { ids, repeated } = createdIn(out);
        expect(ids.size, out + err).toBe(1);
        expect(repeated).toEqual(['true', 'true']);
        expect(broker.connections).toBeGreaterThan(1);
        if (language.folder !== 'shell') expect(err).toMatch(/; sending \S+ again/);
        expect(await contactCount()).toBe(before + 1);
      } finally {
        await broker.close();
      }
    },
    TEST_LIMIT_MS,
  );

  test(
    'a queue that does not exist is reported at once',
    async (context) => {
      const command = await prepared(language, context);
      const { code, out, err } = await run(command, running.names.amqpUrl, `${running.names.queue}.missing`);
      expect(code).not.toBe(0);
      if (language.folder !== 'shell') expect(out + err).not.toContain('again');
    },
    TEST_LIMIT_MS,
  );
});
