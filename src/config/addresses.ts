// Over which addresses sign-ins and cases travel: what would pass unencrypted beyond this machine is told. (The bind
// password of LDAP is guarded by its own settings.)
import { isWebAddress } from '../connection/saml.ts';
import type { SecretRef } from '../connection/secret.ts';
import type { Finding, Findings } from './finding.ts';
import type { Parts } from './read.ts';
import { isLoopback } from './scalar.ts';

export function checkAddresses(parts: Parts): Findings {
  const faults: Finding[] = [];
  const warnings: Finding[] = [];
  const add = (found: Findings): void => {
    faults.push(...found.faults);
    warnings.push(...found.warnings);
  };
  if (parts.publicUrl !== null) add(checkPublicUrl(parts.publicUrl));
  if (parts.mailServer !== null) add(checkMailServer(parts.mailServer, ['mail', 'smtp']));
  for (const { path, whole, readable } of parts.escalation) {
    const { url, smtp } = readable;
    if (typeof url === 'string') add(checkWebAddress(url, [...path, 'url'], 'what it carries can be read on the way'));
    if (whole?.channel === 'webhook' && whole.secret === null) {
      warnings.push({ path, message: 'has no secret: whoever receives it cannot tell that it comes from Rollcall' });
    }
    if (smtp !== undefined) add(checkMailServer(smtp, [...path, 'smtp']));
    if (whole?.channel === 'zendesk') {
      warnings.push({
        path,
        message: 'is read and not yet served: no case is opened in Zendesk. Add a webhook or email channel, which are',
      });
    }
  }
  for (const { path, settings } of parts.connections) {
    if (settings?.kind === 'saml' && settings.settings.idpMetadata.kind === 'url') {
      const { url } = settings.settings.idpMetadata;
      const harm = 'whoever changes it on the way can sign in as anybody';
      add(checkWebAddress(url, [...path, 'idpMetadata', 'url'], harm));
    }
  }
  return { faults, warnings };
}

function checkPublicUrl(text: string): Findings {
  const path = ['server', 'publicUrl'];
  if (!isWebAddress(text) || /[?#]/.test(text)) {
    const message = 'must be the https:// address by which browsers reach this server, without ? and #';
    return { faults: [{ path, message }], warnings: [] };
  }
  return checkWebAddress(text, path, 'passwords and sessions can be read on the way');
}

function checkWebAddress(text: string, path: Finding['path'], harm: string): Findings {
  if (!isWebAddress(text))
    return { faults: [{ path, message: 'must be an https:// address, without a password in it' }], warnings: [] };
  const url = new URL(text);
  if (url.protocol === 'https:' || isLoopback(url.hostname)) return { faults: [], warnings: [] };
  return { faults: [], warnings: [{ path, message: `should be https://: over http://, ${harm}` }] };
}

function checkMailServer(smtp: SecretRef, path: Finding['path']): Findings {
  if (smtp.kind !== 'value' || isMailServer(smtp.value)) return { faults: [], warnings: [] };
  const message = 'must be smtp://HOST or smtps://HOST, with :PORT if it is another one';
  return { faults: [{ path, message }], warnings: [] };
}

function isMailServer(text: string): boolean {
  return /^smtps?:\/\//.test(text) && URL.canParse(text) && new URL(text).hostname !== '';
}
