// Whoever signs in, asks who they are or sends a token waits no longer in a large installation than in a small one.
import { expect, test } from 'vitest';
import { issueToken } from '../../src/organization/api-tokens.ts';
import { recordStatements, scansAmong } from '../support/statements.ts';
import { acme, COMPANY, enterByMail } from './company.ts';
import { openSite, PASSWORD } from './site.ts';

test('no statement of a page, a sign-in or a token looks through a table', async () => {
  const site = await openSite({ declaration: COMPANY });
  try {
    const asked = await recordStatements(site.sync.db);
    const olga = await enterByMail(site, 'olga@acme.example');
    const again = site.browser();
    await again.submit('/user/login', { email: 'olga@acme.example', password: 'wrong' });
    await again.submit('/user/login', { email: 'olga@acme.example', password: PASSWORD });
    for (const page of ['/user', '/user/sessions', '/api/organizations', `/api/organizations/${acme}`])
      await olga.get(page);
    await olga.call('POST', '/api/jwt/settings', { legacy_api_tokens_enabled: true });
    const { refresh } = (await olga.call('POST', '/api/token/')).json();
    const { access } = (await site.browser().call('POST', '/api/token/refresh', { refresh })).json();
    await site.browser().get('/api/current-user/whoami', { authorization: `Bearer ${String(access)}` });
    const { secret } = await issueToken(site.context, {
      email: 'olga@acme.example',
      organization: acme,
      kind: 'legacy',
    });
    await site.browser().get('/api/current-user/whoami', { authorization: `Token ${secret}` });
    await olga.post('/user/logout', {});
    expect(asked.size).toBeGreaterThan(20);
    expect(await scansAmong(site.sync.db, asked)).toEqual([]);
  } finally {
    await site.close();
  }
});
