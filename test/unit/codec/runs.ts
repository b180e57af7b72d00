/** How often a property is tried: its own number, or FUZZ_RUNS for long runs. */
export function runs(usually: number): number {
  const asked = Number(process.env['FUZZ_RUNS'] ?? '');
  return Number.isInteger(asked) && asked > 0 ? asked : usually;
}
