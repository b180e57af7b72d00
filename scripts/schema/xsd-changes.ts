import { ChangeList, partition, type Changes } from './changes.ts';
import { compareSimple } from './facet-changes.ts';
import { xsdModel, type Attribute, type ComplexType, type Particle, type XsdModel } from './xsd-model.ts';

/** How the types of one side of the interface may change. */
type Side = 'request' | 'answer';

/**
 * How one contacts.xsd differs from an earlier one. A request that was valid must stay valid; an
 * answer must stay as the earlier schema describes it, but for new values of an enumeration, such
 * as a failure code.
 */
export function xsdChanges(earlier: string, present: string): Changes {
  const [before, after] = [xsdModel(earlier), xsdModel(present)];
  const changes = new ChangeList();
  const roots = partition(before.roots.keys(), after.roots.keys());
  for (const name of roots.removed) changes.break(`the root element ${name} is removed`);
  for (const name of roots.added) changes.add(`the root element ${name}`);
  compareTypes(before, after, changes);
  return changes;
}

function compareTypes(before: XsdModel, after: XsdModel, changes: ChangeList): void {
  const names = (model: XsdModel): string[] => [...model.complexTypes.keys(), ...model.simpleTypes.keys()];
  const types = partition(names(before), names(after));
  for (const name of types.removed) changes.break(`the type ${name} is removed`);
  for (const name of types.added) changes.add(`the type ${name}`);
  for (const name of types.kept) {
    const [simpleBefore, simpleAfter] = [before.simpleTypes.get(name), after.simpleTypes.get(name)];
    if (simpleBefore !== undefined && simpleAfter !== undefined)
      compareSimple(name, simpleBefore, simpleAfter, changes);
    const [complexBefore, complexAfter] = [before.complexTypes.get(name), after.complexTypes.get(name)];
    if (complexBefore === undefined || complexAfter === undefined) {
      if ((simpleBefore === undefined) !== (simpleAfter === undefined))
        changes.break(`the type ${name} is another kind`);
      continue;
    }
    for (const side of sidesOf(name, before)) compareComplex(name, side, complexBefore, complexAfter, changes);
  }
}

/** Whether requests or answers have the type in them, or both. */
function sidesOf(name: string, model: XsdModel): Side[] {
  const isIn = (pattern: RegExp): boolean =>
    [...model.complexTypes.keys()].some((root) => pattern.test(root) && reaches(root, name, model));
  const sides: Side[] = [];
  if (isIn(/Request$/)) sides.push('request');
  if (isIn(/Response$/)) sides.push('answer');
  return sides;
}

function reaches(from: string, name: string, model: XsdModel): boolean {
  if (from === name) return true;
  const particles = model.complexTypes.get(from)?.particles ?? [];
  return particles.some(({ type }) => reaches(type, name, model));
}

function compareComplex(name: string, side: Side, before: ComplexType, after: ComplexType, changes: ChangeList): void {
  if (before.group !== after.group && after.group !== 'all' && before.particles.length > 1)
    changes.break(`${name}: the elements are in ${after.group}, not in ${before.group}`);
  compareParticles(name, side, before, after, changes);
  compareAttributes(name, before.attributes, after.attributes, changes);
}

function compareParticles(
  name: string,
  side: Side,
  before: ComplexType,
  after: ComplexType,
  changes: ChangeList,
): void {
  const earlier = new Map(before.particles.map((one) => [one.name, one]));
  const present = new Map(after.particles.map((one) => [one.name, one]));
  const { removed, added, kept } = partition(earlier.keys(), present.keys());
  for (const one of removed) changes.break(`${name}: the element ${one} is removed`);
  for (const one of added) {
    const isOptional = present.get(one)?.min === 0 || after.group === 'choice';
    if (side === 'answer') changes.break(`${name}: the element ${one} is new in an answer`);
    else if (isOptional) changes.add(`${name}: the element ${one}`);
    else changes.break(`${name}: the element ${one} is new and mandatory`);
  }
  for (const one of kept) {
    const [old, now] = [earlier.get(one), present.get(one)];
    if (old !== undefined && now !== undefined) compareParticle(name, side, old, now, changes);
  }
  const order = ({ particles }: ComplexType): string =>
    particles
      .map((one) => one.name)
      .filter((one) => kept.includes(one))
      .join(' ');
  if (after.group === 'sequence' && order(before) !== order(after))
    changes.break(`${name}: the elements are in another order`);
}

function compareParticle(type: string, side: Side, old: Particle, now: Particle, changes: ChangeList): void {
  const what = `${type}: the element ${now.name}`;
  if (old.type !== now.type) changes.break(`${what} has the type ${now.type}, not ${old.type}`);
  if (old.min === now.min && old.max === now.max) return;
  const words = `${what} may be there ${now.min} to ${now.max} times, not ${old.min} to ${old.max}`;
  const isNarrower = now.min > old.min || now.max < old.max;
  const isWider = now.min < old.min || now.max > old.max;
  if (side === 'request' ? isNarrower : isWider) changes.break(words);
  else changes.add(words);
}

function compareAttributes(
  name: string,
  before: ReadonlyMap<string, Attribute>,
  after: ReadonlyMap<string, Attribute>,
  changes: ChangeList,
): void {
  const { removed, added, kept } = partition(before.keys(), after.keys());
  for (const one of removed) changes.break(`${name}: the attribute ${one} is removed`);
  for (const one of added) {
    if (after.get(one)?.isRequired === true) changes.break(`${name}: the attribute ${one} is new and mandatory`);
    else changes.add(`${name}: the attribute ${one}`);
  }
  for (const one of kept) {
    const [old, now] = [before.get(one), after.get(one)];
    if (JSON.stringify(old) !== JSON.stringify(now)) changes.break(`${name}: the attribute ${one} has another rule`);
  }
}
