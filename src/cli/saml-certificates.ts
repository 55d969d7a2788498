// `saml certificates`: which of a provider's certificates may sign, and changing that ahead of its metadata.
import { RollcallError } from '../errors.ts';
import { retireCertificate, stageCertificate, trustCertificate } from '../http/saml-certificates.ts';
import type { SamlConnection } from '../http/saml-door.ts';
import { refreshMetadata } from '../http/saml-door.ts';
import { readIdpMetadata } from '../saml/idp-metadata.ts';
import { toPem } from '../saml/self-signed.ts';
import type { StoredCertificate } from '../store/saml-providers.ts';
import { loadCertificates, loadMetadata } from '../store/saml-providers.ts';
import { EXIT } from './command.ts';
import type { Output } from './output.ts';
import type { SamlCall, SamlDesk, SamlSubject } from './saml-desk.ts';
import { needSaml, openDesk, readInput } from './saml-desk.ts';

export const certificates: SamlSubject = async (context, call) => {
  const desk = await openDesk(context);
  const saml = await needSaml(desk, call.connection);
  if (call.action !== null) await change(desk, saml, call, context.out);
  return list(desk, saml, context.out);
};

async function change(
  { sync, log }: SamlDesk,
  { connection: { id }, settings }: SamlConnection,
  { action, value }: SamlCall,
  out: Output,
): Promise<void> {
  const needed = (what: string): string => {
    if (value !== null) return value;
    throw new RollcallError('input_invalid', `saml certificates ${id} ${action} needs a ${what}`);
  };
  const said = ({ fingerprint, state }: StoredCertificate): void => out.line(`${fingerprint} is ${state}`);
  switch (action) {
    case 'refresh':
      await refreshMetadata({ sync, log }, id, settings.idpMetadata);
      return;
    case 'stage':
      return said(await stageCertificate(sync.db, id, certificateIn(readInput(needed('FILE'))), sync.now()));
    case 'trust':
      return said(await trustCertificate(sync.db, id, needed('FINGERPRINT'), sync.now()));
    case 'retire':
      return said(await retireCertificate(sync.db, id, needed('FINGERPRINT'), sync.now()));
    default:
      throw new RollcallError(
        'input_invalid',
        `saml certificates knows refresh, stage, trust and retire, not ${action}`,
      );
  }
}

/** DER begins with the tag of a sequence; everything else is text. */
function certificateIn(bytes: Buffer): string {
  return bytes[0] === 0x30 ? toPem(bytes) : bytes.toString('utf8');
}

async function list(
  { sync: { db } }: SamlDesk,
  { connection, settings }: SamlConnection,
  out: Output,
): Promise<number> {
  const metadata = await loadMetadata(db, connection.id);
  const provider = metadata === null ? null : readIdpMetadata(metadata.xml);
  const all = await loadCertificates(db, connection.id);
  out.document({
    connection: connection.id,
    provider: provider === null ? null : { entity_id: provider.entityId, kind: provider.kind },
    metadata: {
      source: settings.idpMetadata.kind,
      read_at: metadata?.readAt ?? null,
      failure: metadata?.failure ?? null,
      warnings: provider?.warnings ?? [],
    },
    certificates: all.map(({ fingerprint, state, notAfter }) => ({ fingerprint, state, not_after: notAfter })),
  });
  if (metadata === null || provider === null) {
    out.line(`the metadata was not read yet: \`rollcall saml certificates ${connection.id} refresh\` reads it`);
  } else {
    out.line(
      `provider ${provider.entityId} (${provider.kind}), metadata by ${settings.idpMetadata.kind} of ${metadata.readAt}`,
    );
    if (metadata.failure !== null) out.warn(`since then it could not be read: ${metadata.failure}`);
    for (const warning of provider.warnings) out.warn(warning);
  }
  if (all.length > 0) {
    out.table(
      ['FINGERPRINT (SHA-256)', 'STATE', 'ENDS'],
      all.map(({ fingerprint, state, notAfter }) => [fingerprint, state, notAfter]),
    );
  }
  return EXIT.done;
}
