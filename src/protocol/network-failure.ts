/** What the system's and TLS's error codes mean for whoever wrote a URL. Words without values. */
const MEANINGS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens at that host and port',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name cannot be looked up now',
  ETIMEDOUT: 'the host does not answer',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no way to the host',
  EPROTO: 'the TLS handshake failed; the other side may not speak TLS at that port',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the other side does not speak TLS at that port',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the other side does not speak TLS at that port',
  ERR_TLS_CERT_ALTNAME_INVALID: "the server's certificate is for another host name",
  CERT_HAS_EXPIRED: "the server's certificate has expired",
  CERT_NOT_YET_VALID: "the server's certificate is not valid yet",
  CERT_REVOKED: "the server's certificate is revoked",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the server's certificate is self-signed and its authority is not trusted here",
  SELF_SIGNED_CERT_IN_CHAIN: "the authority of the server's certificate is not trusted here",
  UNABLE_TO_GET_ISSUER_CERT: "the authority of the server's certificate is not trusted here",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the authority of the server's certificate is not trusted here",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the authority of the server's certificate is not trusted here",
  CERT_SIGNATURE_FAILURE: "the server's certificate is not signed by the authority that it names",
  CERT_UNTRUSTED: "the authority of the server's certificate is not trusted here",
  INVALID_CA: "the authority of the server's certificate is no certificate authority",
  INVALID_PURPOSE: "the server's certificate is not meant for servers",
};

/** What a server finds wrong with the client, by the name of TLS's alert. */
const ALERTS: Readonly<Record<string, string>> = {
  ACCESS_DENIED: "the server does not accept the client's certificate",
  BAD_CERTIFICATE: "the server does not accept the client's certificate, or demands one and none is set",
  CERTIFICATE_EXPIRED: "the server says that the client's certificate has expired",
  CERTIFICATE_REQUIRED: 'the server demands a client certificate, and none is set',
  CERTIFICATE_REVOKED: "the server says that the client's certificate is revoked",
  CERTIFICATE_UNKNOWN: "the server does not accept the client's certificate",
  HANDSHAKE_FAILURE: 'the TLS handshake failed: the server demands a client certificate, or shares no cipher',
  PROTOCOL_VERSION: 'the TLS handshake failed: the server speaks no version of TLS that is accepted here',
  UNKNOWN_CA: "the server does not trust the authority of the client's certificate",
  UNSUPPORTED_CERTIFICATE: "the server does not accept this kind of client's certificate",
};

/** OpenSSL's releases differ in the part before the alert. */
const ALERT = /^ERR_SSL_(?:SSLV3|TLSV1|TLSV13|SSL\/TLS)_ALERT_(?<name>\w+)$/;

/**
 * What an error of the network says about the place that was asked, its own code in front;
 * `undefined` where that is not known.
 */
export function networkFailure(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  const { code } = error;
  const alert = ALERTS[ALERT.exec(code)?.groups?.['name'] ?? ''];
  const meaning = alert ?? MEANINGS[code] ?? (code.startsWith('ERR_SSL_') ? 'the TLS handshake failed' : undefined);
  if (meaning !== undefined) return `${code}: ${meaning}`;
  if (error.message.includes('before secure TLS connection was established')) {
    return 'the other side closed the connection during the TLS handshake; it may not speak TLS at that port';
  }
  return undefined;
}
