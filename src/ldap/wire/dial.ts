// Opens a connection: TCP, then TLS at once (ldaps) or after StartTLS. TLS fails closed: without a certificate of a known
// authority, in date and for this very host, nothing is said to the server, least of all a password.
import { X509Certificate } from 'node:crypto';
import { isIP, connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls';
import { RollcallError } from '../../errors.ts';
import { Link } from './link.ts';
import type { Patience } from './patience.ts';
import { startTlsRequest } from './request.ts';
import { refused } from './result-code.ts';

export interface Dialing {
  readonly url: string;
  readonly startTls: boolean;
  /** Certificates in PEM; null: those that Node trusts. */
  readonly ca: string | null;
  readonly patience: Patience;
  /** Closes the connection at any time, so that nobody waits for a silent server who need not. */
  readonly signal?: AbortSignal | undefined;
  readonly onStep: (step: 'connect' | 'tls', found: string) => void;
}

/** @throws RollcallError `directory_unreachable`, or `directory_refused` where the server won't do StartTLS. */
export async function dial({ url, startTls, ca, patience, signal, onStep }: Dialing): Promise<Link> {
  const { protocol, hostname, port } = new URL(url);
  const secure = protocol === 'ldaps:';
  const host = hostname.replace(/^\[|\]$/g, '');
  const address = { host, port: Number(port) || (secure ? 636 : 389), noDelay: true, keepAlive: true };
  const plain = connectTcp(signal === undefined ? address : { ...address, signal });
  await established(plain, 'connect', (why) => unreachable('connect', url, why), patience);
  onStep('connect', `${url} (${plain.remoteAddress ?? host}) answers`);
  const upgrade = async (socket: Socket): Promise<TLSSocket> => {
    const options = { socket, host, minVersion: 'TLSv1.2', ...(ca === null ? {} : { ca }) } as const;
    // A server that holds certificates for several names is told which one is meant; an address is no name.
    const tls = connectTls(isIP(host) === 0 ? { ...options, servername: host } : options);
    await established(tls, 'secureConnect', (why) => unreachable('tls', url, why), patience);
    onStep('tls', describeTls(tls));
    return tls;
  };
  if (secure) return new Link(await upgrade(plain), url);
  const link = new Link(plain, url);
  if (!startTls) return link;
  link.step = 'tls';
  try {
    const result = await link.ask(startTlsRequest(), 'extended', patience);
    if (result.code !== 0) throw refused('tls', `${url} refused StartTLS`, result);
    await link.upgrade(upgrade);
    return link;
  } catch (error) {
    await link.close();
    throw error;
  }
}

/** @throws RollcallError `config_invalid` where the text holds no certificate. */
export function requireCertificates(pem: string): void {
  const written = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  try {
    if (written.map((each) => new X509Certificate(each)).length === 0) throw new Error('there is no certificate in it');
  } catch (cause) {
    throw new RollcallError('config_invalid', "tls.ca holds no certificate in PEM: give the authority's certificate", {
      cause,
    });
  }
}

async function established(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  failure: (why: string) => RollcallError,
  patience: Patience,
): Promise<void> {
  const began = performance.now();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(failure(patience.overdue())), patience.leftMs);
  const hungUp = () => reject(failure('the server hung up'));
  socket.once(event, () => resolve());
  // Stays: a late error of a socket that is given up must not end the process.
  socket.on('error', (error) => reject(failure(explain(error))));
  socket.once('close', hungUp);
  try {
    await promise;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    socket.off('close', hungUp);
    patience.spend(performance.now() - began);
  }
}

function unreachable(step: string, url: string, why: string): RollcallError {
  return new RollcallError('directory_unreachable', `${step}: ${url}: ${why}`);
}

const ADVICE: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'nobody answers at this port: is the server running, and is the port right?'],
  ['ENOTFOUND', 'there is no host of this name'],
  ['EAI_AGAIN', 'the name of the host cannot be looked up now'],
  ['EHOSTUNREACH', 'there is no way to this host'],
  ['ENETUNREACH', 'there is no way to this host'],
  ['ETIMEDOUT', 'the host does not answer'],
  ['ECONNRESET', 'the server hung up'],
  [
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'the server does not speak TLS here: write ldap:// with startTls: true, or correct the port',
  ],
  [
    'ERR_SSL_PACKET_LENGTH_TOO_LONG',
    'the server does not speak TLS here: write ldap:// with startTls: true, or correct the port',
  ],
  ['CERT_HAS_EXPIRED', "the server's certificate has expired: renew it"],
  ['CERT_NOT_YET_VALID', "the server's certificate is not valid yet: are both clocks right?"],
]);
const UNKNOWN_AUTHORITY: ReadonlySet<string> = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]);

function explain(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  if (UNKNOWN_AUTHORITY.has(code)) {
    return `the server's certificate comes from an authority that is not trusted (${code}): give the authority's certificate as tls.ca`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `the server's certificate is for another host (${certified(error)}): write the url with a name that the certificate has`;
  }
  const advice = ADVICE.get(code);
  return advice === undefined ? error.message || code : `${advice} (${code})`;
}

function certified(error: Error): string {
  const names =
    'cert' in error && typeof error.cert === 'object' && error.cert !== null && 'subjectaltname' in error.cert
      ? error.cert.subjectaltname
      : null;
  return typeof names === 'string' ? names : 'it names none';
}

function describeTls(socket: TLSSocket): string {
  const certificate: Partial<PeerCertificate> = socket.getPeerCertificate();
  const name = certificate.subject?.CN ?? certificate.subjectaltname ?? 'a server without a name';
  return `${socket.getProtocol() ?? 'TLS'}, certificate of ${String(name)}, valid until ${certificate.valid_to ?? 'an unknown day'}`;
}
