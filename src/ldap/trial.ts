// Whether a server takes a password for an entry: one bind on a connection of its own. The session's connection could not
// be used: after a refused bind it would be nobody's, and after a granted one that person's.
import { dialAt, type Session, type SessionRequest } from './session.ts';
import type { Link } from './wire/link.ts';
import type { LdapResult } from './wire/message.ts';
import { Patience } from './wire/patience.ts';
import { bindRequest } from './wire/request.ts';

export class Trial {
  readonly #link: Link;
  readonly #patience: Patience;

  private constructor(link: Link, patience: Patience) {
    this.#link = link;
    this.#patience = patience;
  }

  /**
   * Connects to the very server that the session talks to.
   * @throws RollcallError `directory_unreachable`, or `directory_refused` where the server won't do StartTLS.
   */
  static async open(session: Session, request: SessionRequest): Promise<Trial> {
    const patience = new Patience(request.settings.timeouts.connect, 'timeouts.connect');
    return new Trial(await dialAt(session.url, { ...request, onStep: undefined }, patience), patience);
  }

  /** What the server says. An empty password is never sent: it is granted to everybody, as nobody. */
  async bind(dn: string, password: string): Promise<LdapResult> {
    if (dn === '' || password === '') throw new Error('a bind without a name or a password is a bind as nobody');
    return this.#link.ask(bindRequest(dn, password), 'bind', this.#patience);
  }

  async close(): Promise<void> {
    await this.#link.close();
  }
}
