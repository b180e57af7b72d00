import { connect } from 'amqplib';
import { MongoClient } from 'mongodb';
import { expect, test } from 'vitest';

import { attempt, ROOT, run } from '../../infrastructure/command.ts';
import { runSteps, stepsOf } from '../integration/producers/page-session.ts';
import type { ComposeProject } from '../support/compose-project.ts';
import { createRequest } from '../support/documents.ts';
import { Requester } from '../support/requester.ts';

const PASSWORDS = [
  'rabbitmq_worker_password',
  'rabbitmq_producer_password',
  'rabbitmq_operator_password',
  'rabbitmq_admin_password',
  'mongodb_admin_password',
  'mongodb_worker_password',
] as const;
const SERVICES = ['secrets', 'worker', 'rabbitmq', 'mongodb', 'mongodb-users'] as const;

/** Registers the tests of the passwords, for a project that runs. */
export function secretsTests(project: () => ComposeProject): void {
  const passwords = (): string[] => PASSWORDS.map((name) => project().secret(name));
  const idsOf = async (service: string): Promise<string[]> =>
    (
      await run('docker', ['ps', '-aq', '--filter', `label=com.docker.compose.project=${project().name}`])
        .then((ids) => ids.split('\n'))
        .then((ids) =>
          Promise.all(
            ids.map(async (id) => ({
              id,
              service: await run('docker', [
                'inspect',
                '-f',
                '{{index .Config.Labels "com.docker.compose.service"}}',
                id,
              ]),
            })),
          ),
        )
    )
      .filter((each) => each.service === service)
      .map(({ id }) => id);
  const amqp = (user: string, password: string): string => {
    const url = new URL(project().amqpUrl);
    [url.username, url.password] = [user, password];
    return url.href;
  };
  const loginAs = async (user: string, password: string): Promise<string> => {
    const model = await connect(amqp(user, password)).catch((error: unknown) => String(error));
    if (typeof model === 'string') return model;
    await model.close();
    return 'accepted';
  };

  test('no password is in what docker inspect, the logs or the process lists show', async () => {
    const secrets = passwords();
    expect(new Set(secrets).size).toBe(PASSWORDS.length);
    for (const service of SERVICES) {
      const ids = await idsOf(service);
      expect(ids, service).not.toEqual([]);
      for (const id of ids) {
        const shown = await Promise.all([
          attempt('docker', ['inspect', id]),
          attempt('docker', ['logs', id]),
          attempt('docker', ['top', id, '-eo', 'args']),
        ]);
        expect(shown[0].output, service).toContain(id);
        const text = shown.map(({ output }) => output).join('\n');
        expect(
          secrets.filter((secret) => text.includes(secret)),
          service,
        ).toEqual([]);
      }
    }
    const history = await run('docker', ['image', 'history', '--no-trunc', project().image]);
    expect(secrets.filter((secret) => history.includes(secret))).toEqual([]);
  });

  test('neither server accepts a login without a password, or with a well-known one', async () => {
    for (const [user, password] of [
      ['guest', 'guest'],
      ['contacts', 'contacts'],
      ['admin', 'admin'],
    ] as const) {
      expect(await loginAs(user, password)).toContain('403 (ACCESS-REFUSED)');
    }
    expect(await loginAs('contacts-producer', project().secret('rabbitmq_producer_password'))).toBe('accepted');
    for (const login of ['', 'admin:admin@', 'contacts-worker:contacts@']) {
      const client = new MongoClient(
        `mongodb://${login}127.0.0.1:${project().env['MONGODB_PORT']}/contacts?authSource=admin`,
      );
      const reading = client.db().collection('contacts').findOne();
      await expect(reading).rejects.toMatchObject({ code: login === '' ? 13 : 18 });
      await client.close();
    }
  });

  test('docs/operations/security.md: its commands replace all passwords, and the worker goes on', async () => {
    const before = passwords();
    const renewing = stepsOf(new URL('../../docs/operations/security.md', import.meta.url))
      .filter(({ commands }) => commands.includes('renew'))
      .map((step) => ({
        ...step,
        commands: step.commands.replaceAll(
          'docker compose',
          project().program === 'docker' ? 'docker compose' : project().program,
        ),
      }));
    expect(renewing.length).toBeGreaterThan(1);
    const env = { ...process.env, ...project().env };
    const results = await runSteps(renewing, { cwd: ROOT, env, limitMs: 300_000 });
    const output = results.map((result) => result.output).join('\n');
    expect(output).toContain('The user contacts-worker is up to date.');
    await project().healthy('worker', 1);

    const renewed = ['rabbitmq_worker', 'rabbitmq_producer', 'rabbitmq_operator', 'rabbitmq_admin', 'mongodb_worker'];
    const unchanged = PASSWORDS.filter((name, at) => project().secret(name) === before[at]);
    expect(unchanged).toEqual(PASSWORDS.filter((name) => !renewed.includes(name.replace('_password', ''))));
    expect(await loginAs('contacts-worker', before[0]!)).toContain('403 (ACCESS-REFUSED)');
    const requester = await Requester.open(
      amqp('contacts-producer', project().secret('rabbitmq_producer_password')),
      'contacts.requests',
    );
    expect((await requester.request(createRequest())).xml).toContain('status="ok"');
    await requester.close();
    expect([...before, ...passwords()].filter((secret) => output.includes(secret))).toEqual([]);
  });
}
