/** What the registry answered: problems, and what could not be asked. */
export interface Advice {
  readonly problems: readonly string[];
  readonly note?: string;
}

interface Report {
  readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string; readonly range?: string }>>;
  readonly invalid?: readonly SignedPackage[];
  readonly missing?: readonly SignedPackage[];
}

interface SignedPackage {
  readonly name: string;
  readonly version: string;
}

const SEVERE: ReadonlySet<string> = new Set(['high', 'critical']);

/**
 * Reads the JSON of `npm audit` or `npm audit signatures`. Anything but a report is a note: a
 * registry that is unreachable, or does not serve advisories, is no problem of this project.
 */
export function adviceIn(what: string, output: string): Advice {
  const report = reportIn(output);
  if (report?.vulnerabilities !== undefined) {
    const severe = Object.entries(report.vulnerabilities).filter(([, { severity }]) => SEVERE.has(severity));
    return { problems: severe.map(([name, { severity, range }]) => `${name} ${range ?? ''}: ${severity}`) };
  }
  if (report?.invalid !== undefined) {
    const named = ({ name, version }: SignedPackage): string => `${name}@${version}`;
    return { problems: report.invalid.map((one) => `${named(one)}: the signature is not valid`) };
  }
  return { problems: [], note: `${what}: the registry gave no answer; nothing was checked.` };
}

function reportIn(output: string): Report | undefined {
  const start = output.search(/^\{/m);
  try {
    return JSON.parse(start === -1 ? '' : output.slice(start)) as Report;
  } catch {
    return undefined;
  }
}
