import type { Writable } from 'node:stream';

/**
 * Sends everything that is written to the stream within one turn of the event loop in one system
 * call. amqplib writes each frame by itself: a batch of answers would cost one call, one packet and
 * one read at the broker per answer. Nothing is delayed: the kernel gets the last frame of a turn
 * at the turn's end anyway.
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
