import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GenericContainer, Wait } from 'testcontainers';

import { ROOT } from '../../infrastructure/command.ts';
import { ensureDocker } from '../../infrastructure/docker.ts';
import { ensureImages } from '../../infrastructure/images.ts';

// The tests remove what they start; the reaper would be one more image to pull.
process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true';

/** The regular expressions of a user on the virtual host. */
export interface Permissions {
  readonly configure: string;
  readonly write: string;
  readonly read: string;
}

interface Definitions {
  readonly users: readonly { readonly name: string; readonly tags: readonly string[] }[];
  readonly permissions: readonly ({ readonly user: string } & Permissions)[];
}

/** A broker with the users of deploy/rabbitmq/definitions.json; each has its name as password. */
export interface RightsBroker {
  readonly managementUrl: string;
  /** Returns the broker's address for a user. */
  url(user: string): string;
  /** Returns what the definitions allow a user. */
  defined(user: string): Permissions;
  /** Replaces what a user may do. New connections have it. */
  allow(user: string, permissions: Permissions): Promise<void>;
  /** Runs a command inside; returns its output. */
  exec(...command: readonly string[]): Promise<string>;
  remove(): Promise<void>;
}

export async function startRightsBroker(): Promise<RightsBroker> {
  await ensureDocker();
  const { rabbitmq } = await ensureImages('rabbitmq');
  const container = await new GenericContainer(rabbitmq)
    .withExposedPorts(5672, 15672)
    .withEnvironment({ RABBITMQ_DEFAULT_USER: 'guest', RABBITMQ_DEFAULT_PASS: 'guest' })
    .withWaitStrategy(Wait.forLogMessage('Server startup complete'))
    .withStartupTimeout(120_000)
    .start();
  const managementUrl = `http://127.0.0.1:${container.getMappedPort(15672)}`;
  const put = async (path: string, body: object): Promise<void> => {
    const headers = { authorization: `Basic ${btoa('guest:guest')}`, 'content-type': 'application/json' };
    const response = await fetch(`${managementUrl}/api/${path}`, {
      method: 'PUT',
      headers,
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`PUT ${path}: ${response.status} ${await response.text()}`);
  };
  const definitions = JSON.parse(readFileSync(join(ROOT, 'deploy/rabbitmq/definitions.json'), 'utf8')) as Definitions;
  const allow = (user: string, { configure, write, read }: Permissions): Promise<void> =>
    put(`permissions/%2F/${user}`, { configure, write, read });
  for (const { name, tags } of definitions.users) await put(`users/${name}`, { password: name, tags: tags.join(',') });
  for (const { user, ...permissions } of definitions.permissions) await allow(user, permissions);
  return {
    managementUrl,
    url: (user) => `amqp://${user}:${user}@127.0.0.1:${container.getMappedPort(5672)}`,
    defined: (name) => {
      const found = definitions.permissions.find(({ user }) => user === name);
      if (found === undefined) throw new Error(`no permissions of ${name}`);
      return { configure: found.configure, write: found.write, read: found.read };
    },
    allow,
    exec: async (...command) => (await container.exec([...command])).output,
    remove: async () => void (await container.stop()),
  };
}
