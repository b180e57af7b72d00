/** One option of a URL: its text and its name. */
export interface UrlOption {
  readonly text: string;
  readonly name: string;
  /** An earlier option holds a secret. */
  readonly followsSecret: boolean;
}

const HOLDS_SECRET = /password|authMechanismProperties/i;

/** Splits a URL's query into its options. */
export function optionsOf(query: string): UrlOption[] {
  let followsSecret = false;
  return query
    .split('&')
    .filter((text) => text !== '')
    .map((text) => {
      const [name = ''] = text.split('=', 1);
      const option = { text, name, followsSecret };
      followsSecret ||= HOLDS_SECRET.test(name);
      return option;
    });
}

/** Returns the driver's error for a URL with these options, `undefined` if it accepts them. */
type DriverErrorOf = (options: readonly UrlOption[]) => string | undefined;

const MAX_OPTIONS = 40;

/**
 * Options that text cannot express (objects, functions), and options that change how documents are
 * read.
 */
const NOT_FOR_URLS: ReadonlySet<string> = new Set(
  `
    raw promoteValues promoteLongs promoteBuffers useBigInt64 bsonRegExp fieldsAsRaw
    ignoreUndefined enableUtf8Validation forceServerObjectId serializeFunctions checkKeys pkFactory serverApi auth autoEncryption driverInfo
    readConcern writeConcern runtimeAdapters dbName srvHostValidator srvPoller connectionType
    pskCallback secureContext checkServerIdentity SNICallback ALPNProtocols session lookup hints ca cert
    crl key pfx passphrase rejectUnauthorized requestCert localAddress localPort index
    __skipPingOnConnect
  `
    .trim()
    .toLowerCase()
    .split(/\s+/),
);

/**
 * Fixed parts of the driver's messages, and what they mean for the named option. The first match
 * counts.
 */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^options? [^]* (?:is|are) not supported$/, 'is unknown to the database driver'],
  [/must be either "true" or "false"/, 'must be true or false'],
  [/stringified int|positive int|must be > 0|must be a non-negative/, 'must be a whole number'],
  [/cannot be specified with no value/, 'has no value'],
  [/cannot appear more than once|specified multiple times/, 'appears more than once'],
  [/exactly one host|single host/, 'requires exactly one host'],
  [/non-srv connection string/, 'requires mongodb+srv://'],
  [/SRV URI does not support/, 'cannot be combined with mongodb+srv://'],
  [
    /can only be passed to the client|not allowed in the connection string|must be an object/,
    'cannot be given in a URL',
  ],
  [/^Username required|requires? a? ?username|username is required/i, 'needs a user name in the URL'],
  [/Must specify proxyHost|both of proxy/, 'needs the other options of a proxy'],
  [
    /cannot be combined|cannot be used with|not supported (?:with|when)|Cannot (?:combine|use)|must be the same/,
    'contradicts another option, or an option that the worker sets',
  ],
];

/**
 * Describes what is wrong with a URL's options, by name; `undefined` if the driver accepts them.
 */
export function optionsProblem(options: readonly UrlOption[], driverErrorOf: DriverErrorOf): string | undefined {
  if (options.length > MAX_OPTIONS) return `has more than ${MAX_OPTIONS} options`;
  const forbidden = options.filter(({ name }) => NOT_FOR_URLS.has(name.toLowerCase()));
  if (forbidden.length > 0) return `${namesOf(forbidden)} cannot be given in a URL; the worker sets it itself`;
  const error = driverErrorOf(options);
  if (error === undefined) return undefined;
  // An option is at fault if the driver accepts all others.
  const culprits = options.filter((option) => driverErrorOf(options.filter((other) => other !== option)) === undefined);
  if (culprits.length > 0) return describe(culprits, error);
  const faults = options.flatMap((option) => {
    const alone = driverErrorOf([option]);
    return alone === undefined ? [] : [describe([option], alone)];
  });
  return faults.length === 0 ? 'has options that contradict each other' : faults.join('; ');
}

function describe(options: readonly UrlOption[], error: string): string {
  const reason = REASONS.find(([pattern]) => pattern.test(error))?.[1];
  if (options.some(mayBeSecret)) return `option ${SECRET_PART} ${reason ?? 'is not accepted'}; ${AMPERSAND}`;
  if (new Set(options.map(({ name }) => name.toLowerCase())).size > 1)
    return `${namesOf(options)} contradict each other`;
  return `${namesOf(options.slice(0, 1))} ${reason ?? 'has a value that the database driver does not accept'}`;
}

const AMPERSAND = 'in a password, & is written %26';
const SECRET_PART = '(perhaps part of a password)';

/** An option after a secret, or without a value, may be part of a password that contains `&`. */
function mayBeSecret({ text, followsSecret }: UrlOption): boolean {
  return followsSecret || !text.includes('=');
}

/** Does not repeat text that does not look like a name: it may be part of a password. */
function namesOf(options: readonly UrlOption[]): string {
  const names = options.map(({ name }) => (/^[A-Za-z_][\w.]{0,40}$/.test(name) ? name : '(without a plain name)'));
  return `${names.length === 1 ? 'option' : 'options'} ${names.join(', ')}`;
}
