/** Fields of package.json that only this repository uses. */
const OURS: ReadonlySet<string> = new Set(['devDependencies', 'optionalDependencies', 'scripts', 'scarfSettings']);

/** The manifest of the published package. */
export function publishedManifest(manifest: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(manifest).filter(([field]) => !OURS.has(field)));
}
