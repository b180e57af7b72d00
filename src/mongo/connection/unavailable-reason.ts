import { MongoNetworkError, MongoServerSelectionError } from 'mongodb';

import { TlsFilesError } from '../../files/tls-files.ts';
import { networkFailure } from '../../protocol/network-failure.ts';

const MAX_CAUSES = 6;

/** Why the database is unavailable, for whoever wrote its URL. Quotes no value of the URL. */
export function unavailableReason(error: unknown): string {
  return knownReason(error) ?? 'the database is unavailable, or rejects what the worker needs';
}

/** As `unavailableReason`; `undefined` where the error does not show the reason. */
export function knownReason(error: unknown): string | undefined {
  let reason: string | undefined;
  let each = error;
  // The innermost cause is the most specific: the outer ones say that no server was found.
  for (let depth = 0; each instanceof Error && depth < MAX_CAUSES; depth += 1) {
    reason = reasonOf(each) ?? reason;
    each = each.cause;
  }
  return reason;
}

function reasonOf(error: Error): string | undefined {
  if (error instanceof TlsFilesError) return error.message;
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  if (code === 18) return 'the database refuses the login: user name, password, authSource or authMechanism is wrong';
  if (code === 8000) return 'the database refuses the login';
  if (code === 13) return "the user has no rights to the URL's database";
  if (syscall === 'querySrv' || syscall === 'queryTxt') return 'DNS has no SRV record for the host name';
  if (syscall === 'open') return "a file that the URL's TLS options name cannot be read";
  if (error instanceof MongoServerSelectionError) return selectionReason(error);
  const network = networkFailure(error);
  if (network !== undefined) return network;
  if (error instanceof MongoNetworkError && error.message.endsWith(' closed')) {
    return 'the server closed the connection; the port may require TLS (tls=true) or serve another protocol';
  }
  return undefined;
}

function selectionReason({ reason }: MongoServerSelectionError): string | undefined {
  if (reason?.type !== 'ReplicaSetNoPrimary') return undefined;
  return reason.servers.size === 0
    ? "no server that was asked is in the replica set that the URL's replicaSet names"
    : 'no member of the replica set accepts writes at the moment';
}
