/**
 * Timeout and interval of `expect.poll` and `vi.waitFor`, in milliseconds. Their default of one
 * second is too short for a busy machine. Always poll a queue's depth: a message that was requeued,
 * or published on another connection, is counted a moment later.
 */
export const POLLING = { timeout: 30_000, interval: 20 };
