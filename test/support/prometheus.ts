import { attempt, type CommandResult } from '../../infrastructure/command.ts';

/** One series of a result, with its last value. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What Prometheus says about a query: its result, and what it finds odd about the query. */
export interface QueryResult {
  readonly samples: readonly Sample[];
  /** Errors, warnings and hints; empty where all is well. */
  readonly problems: readonly string[];
}

interface Reply<Data> {
  readonly status: string;
  readonly data?: Data;
  readonly error?: string;
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
}

interface Vector {
  readonly result: readonly { readonly metric: Record<string, string>; readonly value: readonly [number, string] }[];
}

/** Runs a query at the present time. */
export async function query(prometheusUrl: string, expr: string): Promise<QueryResult> {
  const body = new URLSearchParams({ query: expr });
  const response = await fetch(`${prometheusUrl}/api/v1/query`, { method: 'POST', body });
  const { data, error, warnings = [], infos = [] } = (await response.json()) as Reply<Vector>;
  const samples = (data?.result ?? []).map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  return { samples, problems: [...(error === undefined ? [] : [error]), ...warnings, ...infos] };
}

/** Reads a page of Prometheus's API; throws the reason where it fails. */
export async function api<Data>(prometheusUrl: string, path: string): Promise<Data> {
  const response = await fetch(`${prometheusUrl}/api/v1/${path}`);
  const { data, error } = (await response.json()) as Reply<Data>;
  if (data === undefined) throw new Error(error ?? `status ${response.status}`);
  return data;
}

/** Runs a shell command in a new container of the image; `folder` is mounted at /files. */
export function inImage(image: string, folder: string, command: string): Promise<CommandResult> {
  const mount = ['-v', `${folder}:/files:ro`, '-w', '/files'];
  return attempt('docker', ['run', '--rm', '-e', 'RUNBOOKS=', '--entrypoint', 'sh', ...mount, image, '-c', command]);
}
