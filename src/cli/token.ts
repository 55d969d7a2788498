// `token`: bearer tokens, printed once and alone on standard output, so that they can be piped where they belong.
import { RollcallError } from '../errors.ts';
import { revokeToken } from '../organization/api-tokens.ts';
import { endScimToken } from '../organization/end-scim-token.ts';
import { makeScimToken } from '../organization/make-scim-token.ts';
import type { Sync } from '../sync/context.ts';
import type { Command, Context, Input } from './command.ts';
import { EXIT, text } from './command.ts';
import { tokenApi } from './token-api.ts';
import { listMemberTokens, listScimTokens } from './token-list.ts';

const DAY_MS = 86_400_000;

export const token: Command = {
  name: 'token',
  summary: 'make, list and revoke tokens: token [list [EMAIL] | scim CONNECTION | api EMAIL | revoke ID]',
  args: ['[action]', '[id]'],
  options: [
    { flags: '--days <number>', summary: 'after how many days a SCIM token expires (never, unless stated)' },
    { flags: '--organization <id>', summary: 'the organization of a member (api)' },
    { flags: '--legacy', summary: 'a legacy token, which never expires (api)' },
  ],
  examples: [
    'rollcall token scim acme-scim',
    'rollcall token api anna@acme.example --organization acme',
    'rollcall token list',
    'rollcall token list anna@acme.example',
    'rollcall token revoke 01k…',
  ],
  async run(context, input) {
    const [action = 'list', id] = input.args;
    const store = await context.sync();
    switch (action) {
      case 'list':
        return id === undefined ? listScimTokens(context, store) : listMemberTokens(context, store, id);
      case 'scim':
        if (id === undefined) throw new RollcallError('input_invalid', 'token scim needs a CONNECTION');
        return make(context, store, id, input);
      case 'api':
        if (id === undefined) throw new RollcallError('input_invalid', 'token api needs EMAIL and --organization ID');
        return tokenApi(context, input, id);
      case 'revoke': {
        if (id === undefined)
          throw new RollcallError('input_invalid', 'token revoke needs an ID: `rollcall token list`');
        const ended = await endScimToken(store, id);
        if (ended === null && !(await revokeToken(store, id))) {
          throw new RollcallError(
            'not_found',
            `there is no token ${id} in use: \`rollcall token list\` lists those of SCIM clients, \`rollcall token list EMAIL\` a member's`,
          );
        }
        if (ended?.declared === true) {
          context.out.warn(
            'the configuration file states this token: change it there too, or the next start takes it back',
          );
        }
        context.out.document({ revoked: id });
        context.out.line(`token ${id} is revoked`);
        return EXIT.done;
      }
      default:
        throw new RollcallError('input_invalid', `token knows list, scim, api and revoke, not ${action}`);
    }
  },
};

async function make({ out }: Context, store: Sync, connection: string, input: Input): Promise<number> {
  const days = text(input, 'days');
  if (days !== null && !/^[1-9]\d{0,4}$/.test(days)) {
    throw new RollcallError('input_invalid', `--days is a whole number from 1 to 99999, not ${days}`);
  }
  const expiresAt = days === null ? null : new Date(Date.parse(store.now()) + Number(days) * DAY_MS).toISOString();
  const made = await makeScimToken(store, connection, expiresAt);
  out.notice(`token ${made.id} of ${connection}, shown this once; \`rollcall token revoke ${made.id}\` ends it`);
  out.document({ id: made.id, connection, token: made.token, expires_at: expiresAt });
  out.line(made.token);
  return EXIT.done;
}
