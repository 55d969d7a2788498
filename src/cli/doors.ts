// The doors that `serve` opens: what each is given of the configuration, and in which order requests meet them.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Router } from 'express';
import type { Config } from '../config/config.ts';
import type { Environment, SecretRef } from '../connection/secret.ts';
import { resolveSecret } from '../connection/secret.ts';
import { DAY_MS, HOUR_MS, shift } from '../core/instant.ts';
import { level } from '../core/role.ts';
import { accountsRouter, startRouter } from '../http/accounts.ts';
import { healthRouter } from '../http/health.ts';
import type { SamlDoor } from '../http/saml-door.ts';
import { tellProvider } from '../http/saml-logout.ts';
import { keepUp } from '../http/saml-upkeep.ts';
import { samlRouter } from '../http/saml.ts';
import { scimRouter } from '../http/scim-router.ts';
import { signOnSessions } from '../http/sign-on.ts';
import { visited, visitOf } from '../http/visit.ts';
import type { AccountsContext, SendMail } from '../organization/context.ts';
import { declareScimTokens } from '../organization/declare-scim-tokens.ts';
import { checkDomains } from '../organization/domains.ts';
import { deriveKeys } from '../organization/keys.ts';
import { VerifyingLanes } from '../saml/verifying-lanes.ts';
import { pruneSignIns } from '../store/account-events.ts';
import { forgetEvents } from '../store/old-events.ts';
import { sealingKey } from '../store/sealed.ts';
import type { Sync } from '../sync/context.ts';
import { personMailer } from './channels.ts';
import { directorySignIn } from './directory-sign-in.ts';
import { samlSettingsOf } from './saml-desk.ts';
import { txtResolver } from './txt-resolver.ts';
import type { Job } from './upkeep.ts';

/** Sign-ins, and events that have arrived everywhere: as long as the attempts of single sign-on. */
const KEEP_MS = 90 * DAY_MS;

export interface Surroundings {
  readonly config: Config;
  readonly sync: Sync;
  readonly secretKey: Buffer;
  readonly env: Environment;
  readonly log: (line: string) => void;
  /** Where mail goes that no mail server is configured for. */
  readonly print: (line: string) => void;
  readonly stopping: () => boolean;
}

export interface Doors {
  readonly routers: readonly Router[];
  readonly jobs: readonly Job[];
  /** Writes what is still in memory. */
  readonly close: () => Promise<void>;
}

export async function openDoors(surroundings: Surroundings): Promise<Doors> {
  const { config, sync, secretKey, env, log, stopping } = surroundings;
  await declareScimTokens(sync, scimTokens(config.connections, env));
  const scim = scimRouter({
    sync,
    publicUrl: config.server.publicUrl,
    limits: { requestsPerSecond: config.limits.scimRequestsPerSecond },
    report: (error) => log(`scim: ${told(error)}`),
  });
  const context: AccountsContext = {
    sync,
    keys: deriveKeys(secretKey),
    sendMail: sendMailOf(surroundings),
    publicUrl: config.server.publicUrl,
    signup: config.signup,
    operators: config.operators,
    directory: directorySignIn({ connections: config.connections, sync, env, log }),
    unforeseen: (error) => log(`accounts: ${told(error)}`),
  };
  const saml = samlDoor(surroundings, context, secretKey);
  return {
    routers: [
      healthRouter({ db: sync.db, stopping }),
      Router().use('/scim/v2', scim.router),
      // A trial sign-in asks who wants it.
      Router().get('/saml/:connection/login', visited(context)),
      samlRouter(saml),
      accountsRouter(context, async (...visit) => tellProvider(saml, ...visit)),
      startRouter(context),
    ],
    jobs: [
      { name: 'identity providers', everyMs: HOUR_MS, work: () => keepUp(saml) },
      { name: 'domains', everyMs: 24 * HOUR_MS, work: () => lookAtDomains(surroundings) },
      {
        name: 'sign-ins',
        everyMs: 24 * HOUR_MS,
        work: () => pruneSignIns(sync.db, shift(sync.now(), -KEEP_MS)),
      },
      {
        name: 'events that were told',
        everyMs: 24 * HOUR_MS,
        work: () => forgetEvents(sync.db, shift(sync.now(), -KEEP_MS)),
      },
    ],
    close: async () => {
      await scim.close();
      await saml.verifier.close();
    },
  };
}

/** A domain that is lost changes whom connections may speak for: somebody should hear of it. */
async function lookAtDomains({ sync, env, log }: Surroundings): Promise<void> {
  for (const { organization, domain } of await checkDomains(sync, txtResolver(env))) {
    log(`domain ${domain} of ${organization} is lost: its record is gone; \`rollcall domains\` says what to publish`);
  }
}

function samlDoor({ config, sync, log }: Surroundings, context: AccountsContext, secretKey: Buffer): SamlDoor {
  return {
    sync,
    publicUrl: config.server.publicUrl,
    settingsOf: samlSettingsOf(config.connections),
    sealingKey: sealingKey(secretKey),
    verifier: new VerifyingLanes(),
    sessions: signOnSessions(context),
    mayTry: async (request, id) => {
      const { caller } = visitOf(request);
      const organization = config.connections.find((one) => one.id === id)?.organization ?? null;
      if (caller === null || caller.operator) return caller !== null;
      return caller.memberships.some(
        (one) =>
          one.organization === organization && one.status === 'active' && level(one.role) >= level('administrator'),
      );
    },
    log,
  };
}

/** One mail with one link; what becomes of it is logged, and never waited for. */
function sendMailOf({ config, env, log, print }: Surroundings): SendMail {
  const mailer = personMailer(config, env);
  return ({ to, subject, text, link }) => {
    if (mailer === null) {
      print(`mail to ${to}: ${subject}: ${link}`);
      return;
    }
    const messageId = `${randomUUID()}@${new URL(config.server.publicUrl).hostname}`;
    void mailer.send({ to, subject, text: `${text}\n\n${link}\n`, messageId, inReplyTo: null }).then((outcome) => {
      // The link opens a door: the log says that it did not go out, and not where it leads.
      if (outcome.kind !== 'delivered') log(`mail to ${to}: ${subject}: ${outcome.error}`);
    });
  };
}

/** The tokens that the file states; a connection without one is known by those that were made by command. */
function scimTokens(connections: Config['connections'], env: Environment): Parameters<typeof declareScimTokens>[1] {
  const secret = (ref: SecretRef): string => resolveSecret(ref, env, (path) => readFileSync(path, 'utf8'));
  return connections.flatMap(({ id, kind, settings }) =>
    kind === 'scim' ? [{ connection: id, token: settings.token === null ? null : secret(settings.token) }] : [],
  );
}

function told(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
