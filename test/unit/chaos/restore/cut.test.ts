import { expect, test } from 'vitest';

import type { Entry } from '../../../../chaos/journal.ts';
import { asRestored, reassignedIds } from '../../../../chaos/restore/cut.ts';

const CUT = { brokerSaved: 100, restored: 200 };
const fields = { client_id: 1, first_name: 'a', last_name: 'b', email: 'a@b.example', phone: '', mobile_phone: '' };

function sent(id: string, at: number): Entry {
  return { type: 'sent', id, sender: 1, at, action: { method: 'contact.create', fields }, confirmed: true };
}

function created(id: string, at: number, contact: number): Entry {
  return { type: 'answered', id, at, status: 'ok', codes: [], xml: `<contact_id>${contact}</contact_id>` };
}

test('answers between backup and restore never happened; those before and after count', () => {
  const entries = [
    sent('a', 1),
    created('a', 2, 1),
    sent('b', 3),
    created('b', 150, 2),
    sent('b', 210),
    created('b', 220, 1_000_002),
    created('a', 230, 1),
  ];
  const ids = asRestored(entries, CUT).map(({ type, at }) => `${type} ${at}`);
  expect(ids).toEqual(['sent 1', 'answered 2', 'sent 3', 'sent 210', 'answered 220', 'answered 230']);
});

test('an id that an answer named before the restore must not name another contact after it', () => {
  const before = [sent('a', 1), created('a', 2, 1), sent('b', 3), created('b', 150, 2), sent('c', 205)];
  expect(reassignedIds([...before, created('c', 210, 2)], CUT)).toEqual([2]);
  expect(reassignedIds([...before, created('c', 210, 1)], CUT)).toEqual([1]);
  expect(reassignedIds([...before, created('c', 210, 3)], CUT)).toEqual([]);
  expect(reassignedIds([...before, created('b', 210, 2), created('c', 211, 3)], CUT)).toEqual([]);
});
