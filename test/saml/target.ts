// What is attacked: the real `serve` with two organizations, and an attacker who can sign in honestly as Mallory and wants
// to be Olga, or to be somebody elsewhere.
import { expect } from 'vitest';
import { makeKeyPair } from '../../src/saml/self-signed.ts';
import type { MadeKeyPair } from '../../src/saml/self-signed.ts';
import { TestIdp } from '../support/idp.ts';
import type { Said, Signing } from '../support/idp.ts';
import type { Browser } from '../support/saml-browser.ts';
import { SamlServed } from '../support/saml-served.ts';

export const mallory: Partial<Said> = {
  nameId: 'mallory-1',
  attributes: { Email: ['mallory@acme.example'], Groups: ['label-team'] },
};

interface Begun {
  readonly browser: Browser;
  readonly inResponseTo: string;
}

export class Target {
  readonly idp: TestIdp;
  readonly betaIdp: TestIdp;
  /** Of the attacker's own. */
  readonly mallorys: MadeKeyPair;
  readonly server: SamlServed;

  private constructor(idp: TestIdp, betaIdp: TestIdp, mallorys: MadeKeyPair, server: SamlServed) {
    this.idp = idp;
    this.betaIdp = betaIdp;
    this.mallorys = mallorys;
    this.server = server;
  }

  /** Beta takes what nobody asked for. */
  static async start(): Promise<Target> {
    const idp = await TestIdp.make();
    const betaIdp = await TestIdp.make('https://idp.beta.example');
    const mallorys = await makeKeyPair('mallory', new Date());
    const server = await SamlServed.start({
      acme: { idpMetadata: { xml: idp.metadata() } },
      beta: {
        idpMetadata: { xml: betaIdp.metadata() },
        allowIdpInitiated: true,
        returnTo: ['https://app.beta.example/x'],
      },
    });
    // What only the first sign-in writes is there.
    await server.browser().signIn(server, idp, 'acme-saml', mallory);
    return new Target(idp, betaIdp, mallorys, server);
  }

  async begin(connection = 'acme-saml'): Promise<Begun> {
    const browser = this.server.browser();
    return { browser, inResponseTo: await browser.begin(connection) };
  }

  async honest(inResponseTo: string | null, said: Partial<Said> = {}, signing?: Signing): Promise<string> {
    return this.idp.response({ ...this.server.addresses('acme-saml'), ...mallory, inResponseTo, ...said }, signing);
  }

  /** Nobody gets in, nothing changes, and it takes no longer than it may. */
  async refused(send: () => Promise<Response>, statuses: readonly number[] = [403]): Promise<Response> {
    const before = await this.server.everything();
    const began = performance.now();
    const answer = await send();
    expect(performance.now() - began).toBeLessThan(3000);
    expect(statuses).toContain(answer.status);
    expect(await this.server.everything()).toBe(before);
    return answer;
  }
}
