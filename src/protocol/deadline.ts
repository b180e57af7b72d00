/**
 * The deadline that the number stands for, in whole milliseconds since the epoch; `undefined` where
 * it stands for none. The worker, the client and the command line share this rule.
 */
export function deadlineMs(value: number): number | undefined {
  return value >= 0 && value <= Number.MAX_SAFE_INTEGER ? Math.floor(value) : undefined;
}
