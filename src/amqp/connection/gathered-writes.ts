import type { Writable } from 'node:stream';

/**
 * Lets what is written to the stream within one turn of the event loop leave in one system call. amqplib hands each
 * frame to its socket by itself, so that a batch of answers would cost as many calls, packets and reads at the broker as
 * it has answers. Nothing waits longer for it: the turn's end is when the kernel would get the last of them anyway.
 */
export function gatherWrites(stream: Writable): void {
  const write = stream.write.bind(stream) as (...args: readonly unknown[]) => boolean;
  let gathering = false;
  const release = (): void => {
    gathering = false;
    stream.uncork();
  };
  stream.write = (...args: readonly unknown[]): boolean => {
    if (!gathering) {
      gathering = true;
      stream.cork();
      queueMicrotask(release);
    }
    return write(...args);
  };
}
