import { outdatedCertificates, tlsFilesProblems, type TlsFiles, type TlsPart } from '../files/tls-files.ts';
import { splitUrls, type UrlValidators } from './formats.ts';

type Values = Readonly<Record<string, string | number>>;
type Server = 'AMQP' | 'MONGODB';

/** The setting of each file. The database's certificate and key are in one file. */
const SETTINGS: Readonly<Record<Server, Readonly<Record<TlsPart, string>>>> = {
  AMQP: { ca: 'AMQP_TLS_CA', cert: 'AMQP_TLS_CERT', key: 'AMQP_TLS_KEY' },
  MONGODB: { ca: 'MONGODB_TLS_CA', cert: 'MONGODB_TLS_CERT_KEY', key: 'MONGODB_TLS_CERT_KEY' },
};

/** Returns the TLS files of a server; `undefined` where no setting names one. */
export function tlsFilesOf(values: Values, server: Server): TlsFiles | undefined {
  const path = (part: TlsPart): string | undefined => {
    const value = values[SETTINGS[server][part]];
    return value === undefined ? undefined : String(value);
  };
  const files = { ca: path('ca'), cert: path('cert'), key: path('key') };
  return Object.values(files).some((each) => each !== undefined) ? Object.freeze(files) : undefined;
}

/** A file whose certificate has expired, or is not valid yet, by its setting. */
export interface OutdatedTlsFile {
  readonly setting: string;
  readonly problem: string;
}

/**
 * Returns the files with such certificates. They do not stop the start: the servers decide, and the
 * files may be replaced.
 */
export function outdatedTlsFiles(
  config: { readonly amqpTls: TlsFiles | undefined; readonly mongodbTls: TlsFiles | undefined },
  now: Date,
): readonly OutdatedTlsFile[] {
  return (
    [
      ['AMQP', config.amqpTls],
      ['MONGODB', config.mongodbTls],
    ] as const
  ).flatMap(([server, files]) =>
    outdatedCertificates(files ?? {}, now).map(({ part, problem }) => ({ setting: SETTINGS[server][part], problem })),
  );
}

/**
 * Describes what is wrong with the TLS settings, given the `other` problems: whether a URL asks for
 * TLS, or for a login by certificate, is judged only where the URL itself is valid.
 */
export function tlsProblems(values: Values, other: readonly string[], urls: UrlValidators): string[] {
  const isValid = (name: string): boolean => other.every((problem) => !problem.startsWith(`${name}:`));
  return (['AMQP', 'MONGODB'] as const).flatMap((server) => {
    const files = tlsFilesOf(values, server);
    const url = String(values[`${server}_URL`]);
    const isUsable = isValid(`${server}_URL`);
    const missing = isUsable && files?.cert === undefined && files?.key === undefined ? noLogin(server, url, urls) : [];
    if (files === undefined) return missing;
    const name = firstNameOf(server, files);
    const problemOf = server === 'AMQP' ? amqpTlsProblem : urls.mongodbTlsProblem;
    const urlProblem = isUsable ? problemOf(url) : undefined;
    return [
      ...missing,
      ...(urlProblem === undefined ? [] : [`${name}: ${urlProblem}`]),
      ...missingHalf(files),
      ...fileProblems(server, files),
    ];
  });
}

/** A URL that makes the certificate the login needs one. */
function noLogin(server: Server, url: string, urls: UrlValidators): string[] {
  const isNeeded =
    server === 'AMQP' ? splitUrls(url).some(urls.amqpNeedsCertificate) : urls.mongodbNeedsCertificate(url);
  if (!isNeeded) return [];
  const { cert, key } = SETTINGS[server];
  const names = cert === key ? cert : `${cert} and ${key}`;
  return [`${server}_URL: makes the certificate the login, and none is set; set ${names}`];
}

function firstNameOf(server: Server, files: TlsFiles): string {
  const part = (['ca', 'cert', 'key'] as const).find((each) => files[each] !== undefined) ?? 'ca';
  return SETTINGS[server][part];
}

function amqpTlsProblem(list: string): string | undefined {
  if (splitUrls(list).every((url) => /^amqps:/i.test(url))) return undefined;
  return 'is set, but AMQP_URL has an amqp:// URL, which is not encrypted; write amqps:// (its port is 5671), or unset AMQP_TLS_…';
}

/** Only the broker's certificate and key are in two files. */
function missingHalf({ cert, key }: TlsFiles): string[] {
  if ((cert === undefined) === (key === undefined)) return [];
  return cert === undefined
    ? ['AMQP_TLS_KEY: is set without AMQP_TLS_CERT, the certificate that it belongs to']
    : ['AMQP_TLS_CERT: is set without AMQP_TLS_KEY, its private key'];
}

function fileProblems(server: Server, files: TlsFiles): string[] {
  const problems = tlsFilesProblems(files).map(
    ({ part, problem }) => `${SETTINGS[server][part]}: names a file that ${problem}`,
  );
  // A file that holds certificate and key has each of its problems twice.
  return [...new Set(problems)];
}
