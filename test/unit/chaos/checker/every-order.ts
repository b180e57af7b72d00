import type { Op } from '../../../../chaos/checker/histories.ts';
import { UNNAMED, type FieldNumbers } from '../../../../chaos/checker/content.ts';

/** A contact; `undefined` before its create, `deleted` after its delete. */
type State = FieldNumbers | 'deleted' | undefined;

/** Whether some order of the ops is valid, by trying every order. For a handful of ops. */
export function someOrderFits(ops: readonly Op[]): boolean {
  return fits(ops, ops, undefined);
}

function fits(left: readonly Op[], all: readonly Op[], state: State): boolean {
  // An op that was not answered may never have happened.
  if (left.every((op) => op.return === undefined)) return true;
  return left.some((op) => {
    const others = left.filter((other) => other !== op);
    if (others.some((other) => (other.return ?? Infinity) < op.call)) return false;
    if (op.after !== undefined && others.includes(all[op.after]!)) return false;
    const after = applied(op, state);
    return after !== 'impossible' && fits(others, all, after);
  });
}

function applied(op: Op, state: State): State | 'impossible' {
  const there = typeof state === 'object';
  if (op.kind === 'create') return state === undefined ? op.fields : 'impossible';
  if (op.outcome === 'not-found') return there ? 'impossible' : state;
  if (!there) return op.outcome === 'unknown' ? state : 'impossible';
  if (op.kind === 'delete') return 'deleted';
  if (op.kind === 'update') return op.fields.map((value, field) => (value === UNNAMED ? state[field]! : value));
  return op.fields.every((value, field) => value === UNNAMED || value === state[field]) ? state : 'impossible';
}
