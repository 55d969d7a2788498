// `saml try`: whether a connection is set up, and what a response would do, without doing it.
import { loadAccounts } from '../store/accounts.ts';
import type { Database } from '../store/database.ts';
import type { SamlConnection } from '../http/saml-door.ts';
import { providerOf } from '../http/saml-door.ts';
import type { Trial } from '../http/saml-trial.ts';
import { tryResponse } from '../http/saml-trial.ts';
import { triedLines } from '../http/saml-tried.ts';
import { EXIT } from './command.ts';
import type { Output } from './output.ts';
import { changeJson } from './report.ts';
import type { SamlDesk, SamlSubject } from './saml-desk.ts';
import { needSaml, openDesk, readInput } from './saml-desk.ts';

export const tryOut: SamlSubject = async (context, { connection, options }) => {
  const desk = await openDesk(context);
  const saml = await needSaml(desk, connection);
  const path = options['response'];
  if (typeof path !== 'string') return showWay(desk, saml, context.out);
  const trial = await tryResponse(desk, saml, responseIn(readInput(path).toString('utf8')));
  context.out.document({ connection: saml.connection.id, ...(await trialJson(desk.sync.db, trial)) });
  const { answer, identity, rows } = trial;
  if (identity !== null) for (const line of triedLines(identity, answer, rows)) context.out.line(line);
  else if (answer.kind === 'refused') context.out.line(`refused by ${answer.rule}: ${answer.reason}`);
  return EXIT.done;
};

/** The field's value, the XML in it, or the form as a browser's tools show it. */
function responseIn(text: string): string {
  const trimmed = text.trim();
  if (trimmed.startsWith('<')) return Buffer.from(trimmed, 'utf8').toString('base64');
  return trimmed.includes('SAMLResponse=') ? (new URLSearchParams(trimmed).get('SAMLResponse') ?? '') : trimmed;
}

async function trialJson(
  db: Database,
  { answer, identity, certificate, rows }: Trial,
): Promise<Record<string, unknown>> {
  const account = 'account' in answer ? answer.account : null;
  return {
    outcome: answer.kind,
    rule: answer.kind === 'refused' ? answer.rule : null,
    reason: answer.kind === 'refused' ? answer.reason : null,
    certificate,
    identity:
      identity === null
        ? null
        : {
            id: identity.externalId,
            email: identity.email,
            first_name: identity.firstName,
            last_name: identity.lastName,
            groups: identity.groups === 'unknown' ? null : identity.groups,
            match: identity.match,
          },
    // An account that would be made now has no address yet.
    account: account === null ? null : ((await loadAccounts(db, [account])).get(account)?.email ?? null),
    changes: rows.map(changeJson),
  };
}

/** Without a response: what a browser needs for a trial, and whether it would get so far. */
async function showWay(desk: SamlDesk, saml: SamlConnection, out: Output): Promise<number> {
  const { metadata, certificates } = await providerOf(desk, saml);
  const tryUrl = `${saml.addresses.loginUrl}?try=1`;
  const may = certificates.filter(({ state }) => state !== 'retired');
  out.document({
    connection: saml.connection.id,
    state: saml.connection.state,
    try_url: tryUrl,
    provider: { entity_id: metadata.entityId, kind: metadata.kind, sign_on: metadata.signOn },
    certificates: may.map(({ fingerprint, state }) => ({ fingerprint, state })),
  });
  out.line(
    `${saml.connection.id} is ${saml.connection.state}; its provider is ${metadata.entityId} (${metadata.kind})`,
  );
  out.line(
    `it is asked at ${metadata.signOn.redirect ?? metadata.signOn.post ?? ''}; certificates that may sign: ${may.length}`,
  );
  out.line(`open ${tryUrl} as an Administrator: it shows what would happen, and changes nothing`);
  return EXIT.done;
}
