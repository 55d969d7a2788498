// `saml keys`: our own key pair of a connection, and its rollover in three steps. Private keys are never shown.
import { X509Certificate } from 'node:crypto';
import { RollcallError } from '../errors.ts';
import { endRollover, keysOf, publishNextKey, useNextKey } from '../http/saml-keys.ts';
import { fingerprintOf } from '../saml/verify.ts';
import type { StoredKeyPair } from '../store/saml-keys.ts';
import { EXIT } from './command.ts';
import type { SamlSubject } from './saml-desk.ts';
import { needSaml, openDesk } from './saml-desk.ts';

export const keys: SamlSubject = async (context, { connection, action }) => {
  const desk = await openDesk(context);
  const { out } = context;
  const {
    connection: { id },
    addresses,
  } = await needSaml(desk, connection);
  switch (action) {
    case null:
      break;
    case 'publish':
      await publishNextKey(desk, id);
      out.line(
        `the next key is in ${addresses.entityId}: have the provider read it, then \`rollcall saml keys ${id} use\``,
      );
      break;
    case 'use':
      await useNextKey(desk.sync.db, id);
      out.line(
        `the next key signs now; once the provider encrypts for it, or if it encrypts nothing: \`rollcall saml keys ${id} end\``,
      );
      break;
    case 'end':
      await endRollover(desk.sync.db, id);
      out.line('the previous key is gone');
      break;
    default:
      throw new RollcallError('input_invalid', `saml keys knows publish, use and end, not ${action}`);
  }
  const told = (await keysOf(desk, id)).map(toldOf);
  out.document({ connection: id, metadata: addresses.entityId, keys: told });
  out.table(
    ['FINGERPRINT (SHA-256)', 'STATE', 'MADE', 'ENDS'],
    told.map((one) => [one.fingerprint, one.state, one.made_at, one.not_after]),
  );
  return EXIT.done;
};

function toldOf({
  certificate,
  state,
}: StoredKeyPair): Record<'fingerprint' | 'state' | 'made_at' | 'not_after', string> {
  const { validFrom, validTo } = new X509Certificate(certificate);
  return {
    fingerprint: fingerprintOf(certificate),
    state,
    made_at: new Date(validFrom).toISOString(),
    not_after: new Date(validTo).toISOString(),
  };
}
