/** One option of a URL: as it is written there, and the name in it. */
export interface UrlOption {
  readonly text: string;
  readonly name: string;
  /** An option before it holds a password or the like. */
  readonly isBehindSecret: boolean;
}

const HOLDS_SECRET = /password|authMechanismProperties/i;

/** The options of a URL's query. */
export function optionsOf(query: string): UrlOption[] {
  let isBehindSecret = false;
  return query
    .split('&')
    .filter((text) => text !== '')
    .map((text) => {
      const [name = ''] = text.split('=', 1);
      const option = { text, name, isBehindSecret };
      isBehindSecret ||= HOLDS_SECRET.test(name);
      return option;
    });
}

/** The driver's words on why it takes no URL with these options, or `undefined`. */
type FaultError = (options: readonly UrlOption[]) => string | undefined;

const MAX_OPTIONS = 40;

/** Objects and functions that text cannot give, and what changes how documents are read: they are for the worker's code to set. */
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

/** The fixed parts of the driver's messages, and what they say of the option that is named. In order: the first that fits. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^options? [^]* (?:is|are) not supported$/, 'is unknown to the database driver'],
  [/must be either "true" or "false"/, 'must be true or false'],
  [/stringified int|positive int|must be > 0|must be a non-negative/, 'must be a whole number'],
  [/cannot be specified with no value/, 'has no value'],
  [/cannot appear more than once|specified multiple times/, 'is there more than once'],
  [/exactly one host|single host/, 'goes with exactly one host'],
  [/non-srv connection string/, 'goes with mongodb+srv:// only'],
  [/SRV URI does not support/, 'does not go with mongodb+srv://'],
  [
    /can only be passed to the client|not allowed in the connection string|must be an object/,
    'cannot be given in a URL',
  ],
  [/^Username required|requires? a? ?username|username is required/i, 'needs a user name in the URL'],
  [/Must specify proxyHost|both of proxy/, 'needs the other options of a proxy'],
  [
    /cannot be combined|cannot be used with|not supported (?:with|when)|Cannot (?:combine|use)|must be the same/,
    'contradicts another option, or what the worker sets itself',
  ],
];

/** What is wrong with the options of a URL, by their names; `undefined` where the driver takes them all. */
export function optionsProblem(options: readonly UrlOption[], refusalOf: FaultError): string | undefined {
  if (options.length > MAX_OPTIONS) return `has more than ${MAX_OPTIONS} options`;
  const misplaced = options.filter(({ name }) => NOT_FOR_URLS.has(name.toLowerCase()));
  if (misplaced.length > 0) return `${named(misplaced)} cannot be given in a URL; the worker sets it itself`;
  const refusal = refusalOf(options);
  if (refusal === undefined) return undefined;
  // Without one that is at fault the driver takes the rest.
  const cures = options.filter((option) => refusalOf(options.filter((other) => other !== option)) === undefined);
  if (cures.length > 0) return translateErrors(cures, refusal);
  const faults = options.flatMap((option) => {
    const alone = refusalOf([option]);
    return alone === undefined ? [] : [translateErrors([option], alone)];
  });
  return faults.length === 0 ? 'has options that contradict each other' : faults.join('; ');
}

function translateErrors(options: readonly UrlOption[], refusal: string): string {
  const reason = REASONS.find(([pattern]) => pattern.test(refusal))?.[1];
  if (options.some(isPerhapsSecret)) return `option ${SECRET_PART} ${reason ?? 'is not taken'}; ${AMPERSAND}`;
  if (new Set(options.map(({ name }) => name.toLowerCase())).size > 1) return `${named(options)} contradict each other`;
  return `${named(options.slice(0, 1))} ${reason ?? 'has a value that the database driver does not take'}`;
}

const AMPERSAND = 'in a password, & is written %26';
const SECRET_PART = '(perhaps part of a password)';

/** What stands behind a secret may be the rest of it, where that has an `&`; as may be what has no value. */
function isPerhapsSecret({ text, isBehindSecret }: UrlOption): boolean {
  return isBehindSecret || !text.includes('=');
}

/** What does not look like a name is not repeated: it may be part of a password. */
function named(options: readonly UrlOption[]): string {
  const names = options.map(({ name }) => (/^[A-Za-z_][\w.]{0,40}$/.test(name) ? name : '(without a plain name)'));
  return `${names.length === 1 ? 'option' : 'options'} ${names.join(', ')}`;
}
