import { readContactCreate } from '../../methods/contact.create.ts';
import { isLegalText } from '../../protocol/characters.ts';
import { fault, type Fault } from '../../protocol/fault.ts';
import type { XmlElement } from '../../protocol/request.ts';
import type { NewContact } from '../../client/index.ts';
import type { Row } from '../formats/row.ts';

/** A row's contact, or every reason why a worker would reject it. */
export type Checked =
  { readonly ok: true; readonly contact: NewContact } | { readonly ok: false; readonly faults: readonly Fault[] };

/** Checks a row by the worker's own rules. `clientId` is that of rows without one. */
export function checkRow(row: Row, clientId: number | undefined): Checked {
  if (row.problem !== undefined) return { ok: false, faults: [fault('INVALID_REQUEST', `the row ${row.problem}`)] };
  const fields = row.fields.filter(([name, text]) => text !== '' || !MAY_BE_EMPTY.includes(name));
  const own = fields.some(([name, text]) => name === 'client_id' && text.trim() !== '');
  const others = own ? fields : fields.filter(([name]) => name !== 'client_id');
  const all = own || clientId === undefined ? others : [['client_id', String(clientId)] as const, ...others];
  const illegal = all.filter(([, text]) => !isLegalText(text)).map(([name]) => illegalText(name));
  const read = readContactCreate([
    element(
      'contact',
      '',
      all.map(([name, text]) => element(name, text)),
    ),
  ]);
  if (!read.valid) return { ok: false, faults: [...illegal, ...read.faults] };
  if (illegal.length > 0) return { ok: false, faults: illegal };
  const { client_id, first_name, last_name, email, phone, mobile_phone } = read.command;
  return {
    ok: true,
    contact: {
      clientId: client_id,
      firstName: first_name,
      lastName: last_name,
      email,
      ...(phone !== '' && { phone }),
      ...(mobile_phone !== '' && { mobilePhone: mobile_phone }),
    },
  };
}

const MAY_BE_EMPTY: readonly string[] = ['phone', 'mobile_phone'];

function element(name: string, text: string, children: readonly XmlElement[] = []): XmlElement {
  return { name, attributes: [], children, text };
}

function illegalText(name: string): Fault {
  return fault('INVALID_PARAMS', `${name} has a character that XML 1.0 forbids`, name);
}
