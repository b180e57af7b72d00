/**
 * How long `expect.poll` and `vi.waitFor` go on asking, in milliseconds. Their own limit of one second is too short for
 * a machine that is busy. What a queue holds is to be asked so always: a message that was handed back, or published on
 * another connection, is counted a moment later only.
 */
export const POLLING = { timeout: 30_000, interval: 20 };
