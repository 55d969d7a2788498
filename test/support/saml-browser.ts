// A browser of a kind: one that keeps cookies, has an address of its own, and goes where it is sent only when told.
import { request } from 'node:http';
import type { Said, Signing, TestIdp } from './idp.ts';
import { base64, idOf, inflated } from './idp.ts';

/** Where a provider sends its answers for a connection. */
export interface Addressed {
  readonly addresses: (connection: string) => Pick<Said, 'acsUrl' | 'audience'>;
}

let browsers = 0;

export class Browser {
  readonly cookies = new Map<string, string>();
  /** All of 127.0.0.0/8 is this machine: who fails is counted by address, and other browsers are not to suffer for it. */
  readonly #localAddress: string;
  #url: string;

  constructor(url: string, localAddress?: string) {
    this.#url = url;
    browsers += 1;
    this.#localAddress = localAddress ?? `127.1.${browsers >> 8}.${browsers & 255}`;
  }

  /** From now on a balancer leads it there. */
  goesTo(url: string): void {
    this.#url = url;
  }

  async get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return this.#send(path, 'GET', headers);
  }

  async post(path: string, body: string, type = 'application/x-www-form-urlencoded'): Promise<Response> {
    return this.#send(path, 'POST', { 'content-type': type }, body);
  }

  async postResponse(connection: string, xml: string, relayState?: string): Promise<Response> {
    const form = new URLSearchParams({
      SAMLResponse: base64(xml),
      ...(relayState === undefined ? {} : { RelayState: relayState }),
    });
    return this.post(`/saml/${connection}/acs`, form.toString());
  }

  /** Begins a sign-in. @returns the id of the request. */
  async begin(connection: string, returnTo = '/pages/asked-for'): Promise<string> {
    const answer = await this.get(`/saml/${connection}/login?return_to=${encodeURIComponent(returnTo)}`);
    return idOf(inflated(answer.headers.get('location') ?? ''));
  }

  async signIn(
    server: Addressed,
    idp: TestIdp,
    connection: string,
    said: Partial<Said> = {},
    signing?: Signing,
  ): Promise<Response> {
    const inResponseTo = await this.begin(connection);
    return this.postResponse(
      connection,
      await idp.response({ ...server.addresses(connection), inResponseTo, ...said }, signing),
    );
  }

  async #send(path: string, method: string, headers: Readonly<Record<string, string>>, body = ''): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    return new Promise((resolve, reject) => {
      const outgoing = request(
        new URL(path, this.#url),
        {
          method,
          localAddress: this.#localAddress,
          headers: {
            ...headers,
            ...(cookie === '' ? {} : { cookie }),
            accept: 'text/html,application/json;q=0.9',
            'content-length': String(Buffer.byteLength(body)),
          },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', reject);
          incoming.on('end', () => {
            for (const line of incoming.headers['set-cookie'] ?? []) this.#keep(line);
            const entries = Object.entries(incoming.headers).flatMap(([name, value]): [string, string][] =>
              typeof value === 'string' ? [[name, value]] : [],
            );
            resolve(new Response(Buffer.concat(chunks), { status: incoming.statusCode ?? 0, headers: entries }));
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
