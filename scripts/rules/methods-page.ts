import { readFileSync } from 'node:fs';

import { exactTypeOf, readSchema } from '../../src/schema.ts';
import { xsdModel, type Particle, type XsdModel } from '../schema/xsd-model.ts';
import { unformatted, withMarkedPart } from './marked-part.ts';

/** The page's location. */
export const METHODS_PAGE = new URL('../../docs/api.md', import.meta.url);
const PART = {
  page: 'docs/api.md',
  what: 'methods',
  begin: '<!-- methods: written by `node scripts/reference-pages.ts` from schema/contacts.xsd -->',
  end: '<!-- end of methods -->',
};

/** Returns docs/api.md as it has to be: its own text, with the methods' table between the marks. */
export function methodsPage(page: string, xsd = readSchema('xsd')): string {
  return withMarkedPart(page, PART, unformatted(methodsTable(xsd)));
}

/** Returns docs/api.md as it is. */
export function readMethodsPage(): string {
  return readFileSync(METHODS_PAGE, 'utf8');
}

function methodsTable(xsd: string): string {
  const model = xsdModel(xsd);
  const methods = model.simpleTypes.get('Method')?.enumeration ?? [];
  const rows = methods.map((method) => {
    const request = particlesOf(model, exactTypeOf(method, 'Request'));
    const [first] = request;
    const inContact = first?.name === 'contact';
    const fields = inContact ? particlesOf(model, first.type) : request;
    const names = (isMandatory: boolean): string =>
      fields
        .filter(({ min }) => min > 0 === isMandatory)
        .map(({ name }) => name)
        .join(', ') || '–';
    const where = inContact ? 'in `<contact>`: ' : '';
    return `| \`${method}\` | ${where}${names(true)} | ${names(false)} | ${answerOf(model, method)} |`;
  });
  const head = '| method | mandatory | optional | answer in `<response status="ok">` |';
  return [head, '| --- | --- | --- | --- |', ...rows].join('\n');
}

function answerOf(model: XsdModel, method: string): string {
  const [element] = particlesOf(model, exactTypeOf(method, 'Response')).filter(({ name }) => name !== 'error');
  if (element === undefined) return 'nothing';
  const number = element.max > 1 ? 'zero or more ' : '';
  const content = model.complexTypes.get(element.type)?.particles.map(({ name }) => name);
  return `${number}\`<${element.name}>\`${content === undefined ? '' : ` with ${content.join(', ')}`}`;
}

function particlesOf(model: XsdModel, type: string): readonly Particle[] {
  const found = model.complexTypes.get(type);
  if (found === undefined) throw new Error(`contacts.xsd has no type ${type}`);
  return found.particles;
}
