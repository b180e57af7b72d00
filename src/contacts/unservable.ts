/**
 * Stands in the place of one item's result: this one cannot be had, now or at a further attempt, and its neighbours are not
 * concerned. The message says why, and holds no stored value but a contact_id.
 */
export class ItemDefectError extends Error {
  override readonly name = 'ItemDefectError';
}
