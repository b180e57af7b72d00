/** A problem of a document, at its place. Line and column from 1; `null` where there is no place. */
export interface Mark {
  readonly code: string;
  readonly field: string | null;
  readonly message: string;
  readonly line: number | null;
  readonly column: number | null;
}

/** A problem as an answer reports it. */
interface Problem {
  readonly code: string;
  readonly field?: string | undefined;
  readonly message: string;
}

const PLACE = /^line (\d{1,9}), column (\d{1,9}): /;
/** Names of fields; anything else could not be an element's name of the API. */
const FIELD = /^[a-z_]{1,64}$/;

/**
 * Finds where each problem is: by the line and column that its message begins with, else by its
 * field's element; of a repeated one, the last.
 */
export function marksOf(document: string, problems: readonly Problem[]): Mark[] {
  return problems.map(({ code, field, message }) => {
    const place = PLACE.exec(message);
    const at =
      place === null ? placeOfField(document, field, message) : { line: Number(place[1]), column: Number(place[2]) };
    return { code, field: field ?? null, message, line: at?.line ?? null, column: at?.column ?? null };
  });
}

function placeOfField(
  document: string,
  field: string | undefined,
  message: string,
): { readonly line: number; readonly column: number } | undefined {
  if (field === undefined || !FIELD.test(field)) return undefined;
  const places = [...document.matchAll(new RegExp(`<${field}(?=[\\s/>])`, 'g'))];
  const isRepeated = /more than once|twice|repeated/.test(message);
  const index = places.at(isRepeated ? -1 : 0)?.index;
  if (index === undefined) return undefined;
  const lines = document.slice(0, index).split(/\r\n|\r|\n/);
  return { line: lines.length, column: [...(lines.at(-1) ?? '')].length + 1 };
}
