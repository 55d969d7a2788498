// One attempt to sign in or out: what became known of it, how it is kept, and what the visitor is told when it is refused.
import type { Request, Response } from 'express';
import { attributeNames } from '../saml/presets.ts';
import { redacted } from '../saml/redact.ts';
import type { Verdict } from '../saml/verify.ts';
import type { Database } from '../store/database.ts';
import type { SamlAttempt } from '../store/saml-attempts.ts';
import { addAttempt } from '../store/saml-attempts.ts';
import type { SignedIn } from '../sync/sign-in.ts';
import type { SamlConnection, SamlDoor, SamlProvider } from './saml-door.ts';
import { whoCanHelp } from './saml-help.ts';
import { newReference, sendRefusal } from './saml-page.ts';
import type { Sender } from './saml-sender.ts';

/** A provider's message may be as long as all of what it posted. */
const LONGEST_REASON = 1000;

/** One attempt: what became known of it so far, and the two ways in which it ends. */
export class Attempt {
  readonly reference = newReference();
  email: string | null = null;
  account: SamlAttempt['account'] = null;
  plan: SamlAttempt['plan'] = null;
  #certificate: string | null = null;
  #assertion: string | null = null;
  readonly #door: SamlDoor;
  readonly #saml: SamlConnection;
  readonly #request: Request;
  readonly #response: Response;
  readonly #sender: Sender | null;

  /** @param sender is counted for what proves nothing. */
  constructor(
    door: SamlDoor,
    saml: SamlConnection,
    request: Request,
    response: Response,
    sender: Sender | null = null,
  ) {
    this.#door = door;
    this.#saml = saml;
    this.#request = request;
    this.#response = response;
    this.#sender = sender;
  }

  saw(verdict: Verdict, { metadata }: SamlProvider): void {
    const { settings } = this.#saml;
    const accepted = verdict.kind === 'accepted' ? verdict : null;
    this.#certificate = accepted?.certificate ?? null;
    const also = [settings.attributes.id, settings.matchOn.saml].filter((name) => name !== null);
    const names = attributeNames(settings, metadata.kind);
    this.#assertion = redacted(verdict.response, accepted?.assertion ?? null, names, also);
  }

  async refuse(rule: string, reason: string, status = 403, help: string | null = null): Promise<void> {
    const { id } = this.#saml.connection;
    this.#door.log(`saml ${id}: sign-in ${this.reference} refused by ${rule}: ${oneLine(reason).slice(0, 500)}`);
    await this.record('refused', rule, reason);
    if (this.#certificate === null) await this.#sender?.failed();
    sendRefusal(this.#response, status, this.reference, help);
  }

  /** Somebody who is proven to be who they are may be told who can help. */
  async refuseKnown(refused: Extract<SignedIn, { kind: 'refused' }>): Promise<void> {
    this.account = refused.account;
    this.plan = refused.plan;
    const help = refused.suspended ? await whoCanHelp(this.#door.sync.db, this.#saml.connection.organization) : null;
    await this.refuse(refused.rule, refused.reason, 403, help);
  }

  /** @param db the transaction that it belongs to, if any. */
  async record(
    outcome: SamlAttempt['outcome'],
    rule: string | null,
    reason: string,
    db: Database = this.#door.sync.db,
  ): Promise<void> {
    await addAttempt(db, {
      reference: this.reference,
      connection: this.#saml.connection.id,
      at: this.#door.sync.now(),
      outcome,
      rule,
      reason: oneLine(reason).slice(0, LONGEST_REASON),
      account: this.account,
      email: this.email,
      certificate: this.#certificate,
      plan: this.plan,
      assertion: this.#assertion,
      clientAddress: this.#request.ip ?? null,
    });
  }
}

/** A stranger's text in a log is one line of it, and what holds a NUL is kept by no database. */
function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ');
}
