// `token api`: a token for the programs of one member, printed once, alone on standard output.
import { loadSecretKey } from '../config/secret-key.ts';
import { RollcallError } from '../errors.ts';
import { issueToken } from '../organization/api-tokens.ts';
import { deriveKeys } from '../organization/keys.ts';
import type { Context, Input } from './command.ts';
import { EXIT, text } from './command.ts';

/** @param email the second argument, behind `api`. */
export async function tokenApi({ out, sync, config, env }: Context, input: Input, email: string): Promise<number> {
  const organization = text(input, 'organization');
  if (organization === null) throw new RollcallError('input_invalid', 'token api needs EMAIL and --organization ID');
  const kind = input.options['legacy'] === true ? 'legacy' : 'personal';
  const keys = deriveKeys(loadSecretKey(config().database.url, env));
  const { secret, stored, switchedOn } = await issueToken({ sync: await sync(), keys }, { email, organization, kind });
  out.notice(
    `token ${stored.id} of ${email} in ${organization}, shown this once; \`rollcall token revoke ${stored.id}\` ends it`,
  );
  out.document({ token: secret, id: stored.id, kind, expires_at: stored.expiresAt });
  out.line(secret);
  if (!switchedOn) {
    const setting = kind === 'legacy' ? 'legacy_api_tokens_enabled' : 'api_tokens_enabled';
    out.warn(
      `${organization} lets no ${kind} token in: its Owner switches them on by POST /api/jwt/settings, ${setting}`,
    );
  }
  return EXIT.done;
}
