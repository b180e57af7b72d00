import { appendFileSync, chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { run } from '../../infrastructure/command.ts';
import { ensureOpenssl } from '../../infrastructure/docker.ts';

/** Paths of a certificate, its key, and of one file with both. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
  readonly both: string;
}

export interface IssueOptions {
  /** Names and addresses that the certificate is for. */
  readonly names?: readonly string[];
  /** −1: it has expired. */
  readonly days?: number;
}

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** A certificate authority in a temporary folder, made by openssl. */
export class Authority {
  readonly folder: string;
  readonly name: string;
  readonly ca: string;
  #issued = 0;

  private constructor(name: string) {
    // Containers read the files as other users.
    this.folder = mkdtempSync(join(tmpdir(), 'contacts-tls-'));
    chmodSync(this.folder, 0o755);
    this.name = name;
    this.ca = join(this.folder, 'ca.pem');
  }

  static async create(name: string): Promise<Authority> {
    await ensureOpenssl();
    const authority = new Authority(name);
    const key = join(authority.folder, 'ca-key.pem');
    const isAuthority = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
    const args = ['-x509', ...CURVE, '-keyout', key, '-out', authority.ca, '-days', '2', '-subj', `/CN=${name}`];
    await openssl('req', ...args, ...isAuthority);
    return authority;
  }

  /** An authority whose ca.pem and ca-key.pem `make` makes in a folder. */
  static async madeBy(make: (folder: string) => Promise<void>): Promise<Authority> {
    await ensureOpenssl();
    const authority = new Authority('made');
    await make(authority.folder);
    return authority;
  }

  /** What is in the folder as `NAME.pem`, `NAME-key.pem` and `NAME-both.pem`. */
  found(name: string): Issued {
    const [cert = '', key = '', both = ''] = ['', '-key', '-both'].map((end) => join(this.folder, `${name}${end}.pem`));
    return { cert, key, both };
  }

  /** Issues a certificate for clients, or for the servers with these `names`. */
  async issue(subject: string, { names = [], days = 2 }: IssueOptions = {}): Promise<Issued> {
    const [cert, key, both, request, extensions] = ['pem', 'key.pem', 'both.pem', 'csr', 'ext'].map((end) =>
      join(this.folder, `${subject}-${this.#issued}.${end}`),
    ) as [string, string, string, string, string];
    this.#issued += 1;
    const alternatives = names.map((name) => `${/^[\d.]+$/.test(name) ? 'IP' : 'DNS'}:${name}`);
    const isServer = alternatives.length > 0;
    writeFileSync(
      extensions,
      `extendedKeyUsage=${isServer ? 'serverAuth' : 'clientAuth'}\n${isServer ? `subjectAltName=${alternatives.join(',')}\n` : ''}`,
    );
    await openssl('req', ...CURVE, '-keyout', key, '-out', request, '-subj', `/CN=${subject}`);
    const signer = ['-CA', this.ca, '-CAkey', join(this.folder, 'ca-key.pem'), '-CAcreateserial'];
    const limits = ['-days', String(days), '-extfile', extensions];
    await openssl('x509', '-req', '-in', request, '-out', cert, ...signer, ...limits);
    copyFileSync(cert, both);
    appendFileSync(both, readFileSync(key));
    for (const path of [key, both]) chmodSync(path, 0o644);
    return { cert, key, both };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function openssl(...args: readonly string[]): Promise<string> {
  return run('openssl', args, { limitMs: 30_000 });
}
