import { request } from 'node:http';

import { run } from '../../infrastructure/command.ts';

const DOCKER_SOCKET = '/var/run/docker.sock';

/**
 * Returns a function that reads the processor time, in microseconds, of the container behind a URL
 * of this machine. Throws where no container publishes the URL's port.
 */
export async function containerTime(url: string): Promise<() => Promise<number>> {
  const { port } = new URL(url);
  const ids = await run('docker', ['ps', '--quiet', '--no-trunc', '--filter', `publish=${port}`]);
  const [id] = ids.trim().split('\n');
  if (id === undefined || id === '') throw new Error(`no container publishes the port ${port}`);
  return async () => {
    const stats = (await dockerGet(`/containers/${id}/stats?stream=false&one-shot=true`)) as {
      cpu_stats: { cpu_usage: { total_usage: number } };
    };
    return stats.cpu_stats.cpu_usage.total_usage / 1_000;
  };
}

function dockerGet(path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath: DOCKER_SOCKET, path }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString())));
      answer.on('error', reject);
    });
    asking.on('error', reject);
    asking.end();
  });
}
