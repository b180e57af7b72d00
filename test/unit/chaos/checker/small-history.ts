import { UNNAMED, type FieldNumbers } from '../../../../chaos/checker/content.ts';
import type { Op } from '../../../../chaos/checker/histories.ts';
import type { Random } from '../../../../chaos/random.ts';

const NONE: FieldNumbers = Array.from({ length: 6 }, () => UNNAMED);
/** Number of fields that are written; the others exist and are ignored. */
const USED = 2;
const END = 30;

/**
 * Returns a create, up to six concurrent requests with answers that may or may not be right, and a
 * final read. Half of the histories have few values, so that several requests write the same.
 */
export function smallHistory(random: Random): Op[] {
  const most = random.chance(0.5) ? 3 : 40;
  const first: FieldNumbers = [random.between(0, most), random.between(0, most), 0, 0, 0, 0];
  const ops: Op[] = [{ kind: 'create', id: '', ...span(random), outcome: 'ok', fields: first }];
  const written = [first];
  for (let left = random.between(1, 6); left > 0; left -= 1) {
    const op = smallOp(random, most, written);
    if (op.kind === 'update') written.push(op.fields.map((value, n) => (value === UNNAMED ? first[n]! : value)));
    ops.push(op);
  }
  const look = { kind: 'read', id: '', call: END, return: END } as const;
  const left = random.pick(written).map((value, n) => (n < USED ? value : UNNAMED));
  if (random.chance(0.2)) ops.push({ ...look, outcome: 'not-found', fields: NONE });
  else ops.push({ ...look, outcome: 'ok', fields: left });
  if (random.chance(0.3)) keepOrder(ops);
  return ops;
}

/** As if one sender had sent all answered requests except the create and the final read. */
function keepOrder(ops: Op[]): void {
  const asked = ops.slice(1, -1).filter((op) => op.outcome !== 'unknown');
  asked.sort((a, b) => a.call - b.call);
  for (const [index, op] of asked.slice(1).entries()) op.after = ops.indexOf(asked[index]!);
}

function smallOp(random: Random, most: number, written: readonly FieldNumbers[]): Op {
  const kind = random.pick(['update', 'update', 'read', 'read', 'read', 'delete'] as const);
  const { call, return: end } = span(random);
  const some = (share: number, value: (field: number) => number): FieldNumbers =>
    NONE.map((unnamed, n) => (n < USED && random.chance(share) ? value(n) : unnamed));
  if (kind === 'read') {
    const fields = some(0.8, (field) => random.pick(written)[field]!);
    if (random.chance(0.15)) return { kind, id: '', call, return: end, outcome: 'not-found', fields: NONE };
    return { kind, id: '', call, return: end, outcome: 'ok', fields };
  }
  const fields = kind === 'update' ? some(0.7, () => random.between(0, most)) : NONE;
  if (random.chance(0.25)) return { kind, id: '', call, outcome: 'unknown', fields };
  return { kind, id: '', call, return: end, outcome: random.chance(0.15) ? 'not-found' : 'ok', fields };
}

function span(random: Random): { readonly call: number; readonly return: number } {
  const call = random.between(1, 12);
  return { call, return: call + random.between(0, 8) };
}
