// A whole site for a test: a store, the accounts' routers behind a real HTTP server, and browsers that keep cookies.
import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { Router } from 'express';
import type { RequestHandler } from 'express';
import { randomBytes } from 'node:crypto';
import { accountsRouter, startRouter } from '../../src/http/accounts.ts';
import { createApp } from '../../src/http/app.ts';
import { listen } from '../../src/http/listen.ts';
import type { AccountsContext, DirectorySignIn, Mail } from '../../src/organization/context.ts';
import type { Declaration } from '../../src/organization/declare.ts';
import { deriveKeys } from '../../src/organization/keys.ts';
import type { Sync } from '../../src/sync/context.ts';
import { openTestStore } from '../support/store.ts';

export interface SiteOptions {
  readonly declaration?: Declaration;
  readonly signup?: AccountsContext['signup'];
  readonly operators?: readonly string[];
  /** What signs people in by a directory, made once the store is there. */
  readonly directory?: (given: { readonly sync: Sync; readonly log: (line: string) => void }) => DirectorySignIn | null;
  readonly trustProxy?: readonly string[];
  /** By default the address that the server listens on. */
  readonly publicUrl?: string;
}

export interface Site {
  readonly url: string;
  readonly sync: Sync;
  readonly context: AccountsContext;
  /** Every mail so far, the last one last. */
  readonly mails: readonly Mail[];
  /** What the server said that nobody foresaw; a test that expects nothing finds nothing. */
  readonly logged: string[];
  readonly browser: (address?: string) => Browser;
  /** Adds another door. */
  readonly mount: (door: RequestHandler) => void;
  /** Moves the clock of the server on. */
  readonly wait: (ms: number) => void;
  readonly close: () => Promise<void>;
}

export const NOTHING: Declaration = { organizations: [], connections: [], mappings: [] };

export async function openSite(options: SiteOptions = {}): Promise<Site> {
  const store = await openTestStore(options.declaration ?? NOTHING);
  const mails: Mail[] = [];
  const logged: string[] = [];
  let ahead = 0;
  const sync: Sync = { ...store.sync, now: () => new Date(Date.now() + ahead).toISOString() };
  // The port is known only once the server listens, and the address of the site is part of what it is given.
  const context = {
    sync,
    keys: deriveKeys(randomBytes(32)),
    sendMail: (mail: Mail) => void mails.push(mail),
    publicUrl: 'http://127.0.0.1',
    signup: options.signup ?? 'open',
    operators: options.operators ?? [],
    directory: options.directory?.({ sync, log: (line) => void logged.push(line) }) ?? null,
    unforeseen: (error: unknown) => void logged.push(String(error)),
  } satisfies AccountsContext;
  const routers = [Router()];
  const app = createApp({
    routers,
    log: (line) => void logged.push(line),
    trustProxy: options.trustProxy ?? [],
  });
  const server = await listen(app, '127.0.0.1', 0);
  context.publicUrl = options.publicUrl ?? server.url;
  routers[0]?.use(accountsRouter(context), startRouter(context));
  return {
    url: server.url,
    sync,
    context,
    mails,
    logged,
    browser: (address) => new Browser(server.url, address),
    mount: (door) => void routers[0]?.use(door),
    wait: (ms) => {
      ahead += ms;
    },
    close: async () => {
      await server.stop();
      await store.close();
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: () => Record<string, unknown>;
}

interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Keeps cookies and sends forms as a browser does, from a client address of its own; it follows nothing by itself. */
export class Browser {
  readonly cookies = new Map<string, string>();
  readonly #url: string;
  readonly #address: string | undefined;

  constructor(url: string, address?: string) {
    this.#url = url;
    this.#address = address;
  }

  async get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.send('GET', path, { headers });
  }

  /** Loads the page, and sends its form with these fields. */
  async submit(page: string, fields: Readonly<Record<string, string>>, action?: string): Promise<Answer> {
    const shown = await this.get(page);
    return this.post(action ?? page, { ...hiddenFields(shown.text), ...fields });
  }

  async post(path: string, fields: Readonly<Record<string, string>>, headers = {}): Promise<Answer> {
    return this.send('POST', path, {
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams(fields).toString(),
    });
  }

  /** A call of a script that runs on our own pages. */
  async call(method: string, path: string, body?: unknown): Promise<Answer> {
    const token = (await this.get('/api/current-user/whoami')).headers['x-csrf-token'];
    return this.send(method, path, {
      headers: {
        ...(typeof token === 'string' ? { 'x-csrf-token': token } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async send(method: string, path: string, { headers = {}, body }: Sent = {}): Promise<Answer> {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    return new Promise((resolve, reject) => {
      const outgoing = request(
        new URL(path, this.#url),
        {
          method,
          headers: {
            accept: 'text/html,application/json;q=0.9',
            ...(cookie === '' ? {} : { cookie }),
            ...length,
            ...headers,
          },
          ...(this.#address === undefined ? {} : { localAddress: this.#address }),
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', reject);
          incoming.on('end', () => {
            for (const line of incoming.headers['set-cookie'] ?? []) this.#keep(line);
            const text = Buffer.concat(chunks).toString('utf8');
            const json = (): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;
            resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text, json });
          });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  #keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (value === '' || /expires=thu, 01 jan 1970/i.test(line)) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

/** The hidden fields of the forms on a page; the last of a name wins. */
export function hiddenFields(page: string): Record<string, string> {
  const found = page.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g);
  return Object.fromEntries([...found].map(([, name = '', value = '']) => [name, value.replaceAll('&amp;', '&')]));
}

export const PASSWORD = 'three blind mice 7';

/** Signs a new person up and gives their browser. */
export async function signedUp(site: Site, email: string, page = '/user/signup'): Promise<Browser> {
  const browser = site.browser();
  const answer = await browser.submit(page, { email, password: PASSWORD });
  if (answer.status !== 303) throw new Error(`sign-up of ${email}: ${answer.status} ${answer.text}`);
  return browser;
}

/** Signs in from a browser of its own; gives the browser and the answer. */
export async function signIn(
  site: Site,
  email: string,
  password = PASSWORD,
  browser = site.browser(),
): Promise<Answer> {
  return browser.submit('/user/login', { email, password });
}
