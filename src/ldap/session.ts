// A session with one directory server: connected, secured, bound and recognized. Servers are tried in order, and only
// here, before anything was read; a refused password ends the trying, since each further server would count one more
// wrong attempt against the account.
import type { Filter } from '../connection/filter.ts';
import type { LdapSettings } from '../connection/ldap.ts';
import { RollcallError } from '../errors.ts';
import type { Entry } from './entry.ts';
import { recognizeServer, ROOT_ATTRIBUTES } from './root-dse.ts';
import type { LdapSecrets } from './secrets.ts';
import { type ServerKind, serverKind } from './server-kinds.ts';
import { dial } from './wire/dial.ts';
import type { Link } from './wire/link.ts';
import { Patience } from './wire/patience.ts';
import { bindRequest, searchRequest } from './wire/request.ts';
import type { LdapResult } from './wire/message.ts';
import { refused } from './wire/result-code.ts';

export type LdapStep = 'connect' | 'tls' | 'bind' | 'base' | 'groups' | 'people';
export type OnStep = (step: { readonly step: LdapStep; readonly found: string }) => void;

/** The connection settings alone: what a sign-in needs too. */
export type ServerSettings = Pick<LdapSettings, 'url' | 'startTls' | 'tls' | 'bindDn' | 'timeouts' | 'serverKind'>;

export interface SessionRequest {
  readonly settings: ServerSettings;
  readonly secrets: LdapSecrets;
  readonly onStep?: OnStep | undefined;
  /** Hangs up, whatever is waited for. */
  readonly signal?: AbortSignal | undefined;
}

export interface Session {
  readonly link: Link;
  readonly url: string;
  readonly kind: ServerKind;
  /** Servers that were tried before and did not answer, and why. */
  readonly passedOver: readonly string[];
}

/**
 * The first server that answers.
 * @throws RollcallError `directory_unreachable` when none does, `directory_refused` when one refuses the bind,
 * `config_invalid` for a bind without a password.
 */
export async function openSession(request: SessionRequest): Promise<Session> {
  const passedOver: string[] = [];
  for (const url of request.settings.url) {
    try {
      return { ...(await openAt(url, request)), passedOver };
    } catch (error) {
      if (!(error instanceof RollcallError) || error.code !== 'directory_unreachable') throw error;
      passedOver.push(error.message);
    }
  }
  throw new RollcallError('directory_unreachable', passedOver.join('; '));
}

/** A further session with the very server that an earlier one talks to. */
export async function openAgain(session: Session, request: SessionRequest): Promise<Session> {
  return { ...(await openAt(session.url, { ...request, onStep: undefined })), passedOver: [] };
}

async function openAt(url: string, request: SessionRequest): Promise<Omit<Session, 'passedOver'>> {
  const { settings, secrets, onStep } = request;
  const patience = new Patience(settings.timeouts.connect, 'timeouts.connect');
  const link = await dialAt(url, request, patience);
  try {
    await bind(link, settings.bindDn, secrets.bindPassword, patience);
    const root = await readOne(link, { base: '', attributes: ROOT_ATTRIBUTES }, patience);
    const kind = settings.serverKind === null ? recognizeServer(root.entry) : serverKind(settings.serverKind);
    onStep?.({ step: 'bind', found: `as ${settings.bindDn ?? 'nobody (anonymous)'}; the server is ${kind.title}` });
    return { link, url, kind };
  } catch (error) {
    await link.close();
    throw error;
  }
}

/** Connected and secured, and bound as nobody yet. */
export async function dialAt(
  url: string,
  { settings, secrets, onStep, signal }: SessionRequest,
  patience: Patience,
): Promise<Link> {
  const told = (step: 'connect' | 'tls', found: string): void => onStep?.({ step, found });
  const link = await dial({ url, startTls: settings.startTls, ca: secrets.ca, patience, signal, onStep: told });
  link.step = 'bind';
  return link;
}

const BUSY: ReadonlySet<number> = new Set([51, 52]);

async function bind(link: Link, dn: string | null, password: string | null, patience: Patience): Promise<void> {
  if (dn === null) return;
  // An empty password would succeed, as nobody, and read what nobody may see as if it were all.
  if (password === null || password === '') {
    throw new RollcallError('config_invalid', `bindPassword is empty: ${dn} would be bound as nobody`);
  }
  const result = await link.ask(bindRequest(dn, password), 'bind', patience);
  if (result.code === 0) return;
  const refusal = refused('bind', `${link.server} refused ${dn}`, result);
  throw BUSY.has(result.code) ? new RollcallError('directory_unreachable', refusal.message) : refusal;
}

export interface OneRead {
  readonly entry: Entry | null;
  readonly result: LdapResult;
}

/** One entry by its name, if the filter selects it; an empty name is the server's root. */
export async function readOne(
  link: Link,
  {
    base,
    attributes,
    filter = { kind: 'present', attribute: 'objectclass' },
  }: { readonly base: string; readonly attributes: readonly string[]; readonly filter?: Filter },
  patience: Patience,
): Promise<OneRead> {
  const id = link.send(searchRequest({ base, scope: 'base', filter, attributes, page: null }));
  let entry: Entry | null = null;
  for (;;) {
    for (const message of await link.receive(id, patience)) {
      if (message.kind === 'entry') entry = message.entry;
      if (message.kind === 'result') return { entry, result: message.result };
    }
  }
}
