import { partition, type ChangeList } from './changes.ts';
import type { SimpleType } from './xsd-model.ts';

/** How the values of a type differ from those of an earlier one. */
export function compareSimple(name: string, before: SimpleType, after: SimpleType, changes: ChangeList): void {
  if (before.base !== after.base) changes.break(`${name}: the base is ${after.base}, not ${before.base}`);
  const values = partition(before.enumeration, after.enumeration);
  for (const value of values.removed) changes.break(`${name}: the value ${value} is removed`);
  for (const value of values.added) {
    if (before.enumeration.length > 0) changes.add(`${name}: the value ${value}`);
    else changes.break(`${name}: only some values are allowed now, such as ${value}`);
  }
  comparePatterns(name, before.patterns, after.patterns, changes);
  compareBounds(name, before.bounds, after.bounds, changes);
}

/** Whether one pattern allows all that another does is not decided here. */
function comparePatterns(name: string, before: readonly string[], after: readonly string[], changes: ChangeList): void {
  if (before.join('\n') === after.join('\n')) return;
  if (after.length === 0) changes.add(`${name}: no pattern any more`);
  else changes.break(`${name}: the pattern is another one, which may allow less`);
}

function compareBounds(
  name: string,
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  changes: ChangeList,
): void {
  for (const bound of new Set([...before.keys(), ...after.keys()])) {
    const isLower = bound.startsWith('min');
    const open = isLower ? -Infinity : Infinity;
    const [old, now] = [before.get(bound) ?? open, after.get(bound) ?? open];
    if (old === now) continue;
    const words = `${name}: ${bound} is ${now}, not ${old}`;
    if (isLower ? now > old : now < old) changes.break(words);
    else changes.add(words);
  }
}
