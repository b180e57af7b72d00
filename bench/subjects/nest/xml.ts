import { XMLBuilder } from 'fast-xml-parser';

import type { RequestError, Stored } from '../plain-contacts.ts';

const builder = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: '@', suppressEmptyNode: true });
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>';

/** What an answer tells; empty for update and delete. */
export interface Outcome {
  readonly created?: number;
  readonly contacts?: readonly Stored[];
  readonly error?: RequestError;
}

export function writeAnswer({ created, contacts, error }: Outcome): string {
  const response = {
    '@status': error === undefined ? 'ok' : 'fail',
    ...(error !== undefined && { error: { code: error.code, message: error.message } }),
    ...(created !== undefined && { contact_id: created }),
    ...(contacts !== undefined && { contact: contacts.map(elementsOf) }),
  };
  return DECLARATION + builder.build({ response });
}

function elementsOf({ _id, first_name, last_name, email, phone = '', mobile_phone = '' }: Stored): object {
  return { contact_id: _id, first_name, last_name, email, phone, mobile_phone };
}
