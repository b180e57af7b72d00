import { createServer } from 'node:net';
import { printProgress } from './progress.ts';

/**
 * Runs `work` while no other process on this machine runs under the same name. The lock is an
 * abstract Unix socket: the kernel frees it with its process, so it cannot become stale. Other
 * systems than Linux have no such sockets and need none: nothing is installed or built there.
 */
export async function withLock<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  if (process.platform !== 'linux') return work();
  const release = await acquire(`\0contacts-worker-${name}`);
  try {
    return await work();
  } finally {
    release();
  }
}

async function acquire(address: string): Promise<() => void> {
  for (let printed = false; ; printed = true) {
    const release = await tryAcquire(address);
    if (release !== undefined) return release;
    if (!printed) printProgress('Another run of this project is preparing containers; waiting for it …');
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function tryAcquire(address: string): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.unref();
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(address, () => resolve(() => server.close()));
  });
}
