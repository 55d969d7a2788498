// What is told: everything that happened, nothing that did not, in the transaction that makes it so.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DirectoryReading } from '../../src/core/reading.ts';
import { inTransaction } from '../../src/store/database.ts';
import { loadHolds } from '../../src/store/holds.ts';
import { addEvents, eventsAfter, placeEvents } from '../../src/store/outbox.ts';
import type { NewEvent, OutboxEvent } from '../../src/store/outbox.ts';
import { decideHold } from '../../src/sync/decide-hold.ts';
import { edit } from '../../src/sync/edit.ts';
import { runDirectory } from '../../src/sync/directory-run.ts';
import type { Company } from './company.ts';
import { acme, corp, foundCompany } from './company.ts';

let company: Company;
beforeEach(async () => {
  company = await foundCompany();
});
afterEach(() => company.close());

const nothing = { before: () => Promise.resolve(), fanOut: () => Promise.resolve() };

/** Everything told so far. */
async function told(): Promise<OutboxEvent[]> {
  while ((await placeEvents(company.sync.db, 100, nothing)).length > 0);
  return eventsAfter(company.sync.db, 0);
}
const types = async (): Promise<string[]> => (await told()).map(({ type }) => type);

const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `p${at}`);

const event = (subject: string): NewEvent => ({
  type: 'run.failed',
  subject,
  organization: null,
  at: company.sync.now(),
  data: {},
});

describe('memberships', () => {
  test('a new role is told with what was before, what is now and why', async () => {
    await company.says(['anna']);
    const [one] = await told();
    expect(one).toMatchObject({
      type: 'membership.changed',
      organization: acme,
      position: 1,
      data: {
        email: 'anna@acme.example',
        before: null,
        after: { role: 'annotator', status: 'active' },
        because: [{ source: 'scim', connection: 'acme-scim' }],
      },
    });
    expect(one?.subject).toBe(`membership/acme/${String(one?.data['user'])}`);
  });

  test('a push that changes nothing tells nothing', async () => {
    await company.says(['anna']);
    const before = await told();
    await company.says(['anna']);
    expect(await told()).toEqual(before);
  });

  test('a preview tells nothing, and the same edit told then does', async () => {
    await company.says(['anna']);
    const before = await told();
    const edited = async (preview: boolean): Promise<void> => {
      await edit(company.sync, { kind: 'apply', preview }, (db) =>
        db('organizations').update({ default_role: 'reviewer' }),
      );
    };
    await edited(true);
    expect(await told()).toEqual(before);
    await edited(false);
    expect((await told()).at(-1)?.data['after']).toEqual({ role: 'reviewer', status: 'active' });
  });

  test('what is rolled back is never told', async () => {
    await expect(
      inTransaction(company.sync.db, async (trx) => {
        await addEvents(trx, [event('connection/x')]);
        throw new Error('power cut');
      }),
    ).rejects.toThrow('power cut');
    expect(await told()).toEqual([]);
  });
});

describe('holds', () => {
  test('a hold is told once however many rows join it, and once more when decided', async () => {
    await company.says(names(40));
    for (const name of names(14)) await company.says([name], false);
    const [hold] = await loadHolds(company.sync.db);
    const opened = (await told()).filter(({ type }) => type === 'hold.opened');
    expect(opened.map(({ subject, data }) => [subject, data['held'], data['owner_held']])).toEqual([
      [`hold/${hold!.id}`, 1, false],
    ]);
    await decideHold(company.sync, hold!.id, 'rejected', null);
    const decided = (await told()).filter(({ type }) => type === 'hold.decided');
    expect(decided.map(({ data }) => data['state'])).toEqual(['rejected']);
  });

  test('a hold that has become moot is told as decided', async () => {
    await company.says(names(40));
    await company.says(names(12), false);
    await company.says(names(12));
    expect((await told()).find(({ type }) => type === 'hold.decided')?.data['state']).toBe('moot');
  });

  test('the Owner among the held is said', async () => {
    await company.says(['olga', ...names(20)]);
    await company.says(['olga', ...names(12)], false);
    expect((await told()).find(({ type }) => type === 'hold.opened')?.data['owner_held']).toBe(true);
  });
});

describe('runs', () => {
  const directory = (failure: 'none' | 'breaks' | 'incomplete'): DirectoryReading => ({
    kind: 'directory',
    connection: corp,
    at: company.sync.now(),
    items: (async function* () {
      if (failure === 'breaks') throw new Error('page 3: the server hung up');
      yield {
        kind: 'person' as const,
        externalId: 'a',
        active: true,
        attributes: { email: 'a@corp.example', userName: 'a', firstName: null, lastName: null, locator: null },
        aliases: ['dn:a'],
        container: null,
      };
    })(),
    nested: true,
    outcome: () => ({
      complete: failure !== 'incomplete',
      reason: failure === 'incomplete' ? 'the server cut the list off' : null,
      warnings: [],
      fingerprint: 'same',
    }),
    lookUp: null,
  });
  const run = async (failure: 'none' | 'breaks' | 'incomplete', preview = false): Promise<void> => {
    await runDirectory(company.sync, directory(failure), { preview }).catch(() => undefined);
  };

  test('a directory that fails ten times over is told once, and once when it is clean again', async () => {
    await run('none');
    for (let time = 0; time < 10; time += 1) await run('breaks');
    await run('none');
    await run('none');
    const runs = (await told()).filter(({ type }) => type.startsWith('run.'));
    expect(runs.map(({ type, organization, data }) => [type, organization, data['reason']])).toEqual([
      ['run.failed', null, 'page 3: the server hung up'],
      ['run.recovered', null, undefined],
    ]);
    expect(runs[1]?.data['failing_since']).toBe(runs[0]?.at);
  });

  test('a read that proves nothing for days is told as well: leavers stay until one does', async () => {
    await run('incomplete');
    await run('incomplete');
    expect(await types()).toEqual(['run.failed']);
    expect((await told())[0]?.data['outcome']).toBe('incomplete');
  });

  test('a preview that fails tells nobody: a person is there to read it', async () => {
    await run('breaks', true);
    expect(await types()).toEqual([]);
  });
});

describe('positions', () => {
  test('grow without gaps, and a cursor of any step reads each event once', async () => {
    for (let batch = 0; batch < 7; batch += 1) {
      await inTransaction(company.sync.db, (trx) => addEvents(trx, [event(`a/${batch}`), event(`b/${batch}`)]));
      if (batch % 2 === 0) await placeEvents(company.sync.db, 3, nothing);
    }
    const all = await told();
    expect(all.map(({ position }) => position)).toEqual(Array.from({ length: 14 }, (_, at) => at + 1));
    const read: OutboxEvent[] = [];
    for (let page = await eventsAfter(company.sync.db, 0, 4); page.length > 0; ) {
      read.push(...page);
      page = await eventsAfter(company.sync.db, read.at(-1)!.position, 4);
    }
    expect(read).toEqual(all);
  });

  test('an organization reads its own events only', async () => {
    await company.says(['anna']);
    await inTransaction(company.sync.db, (trx) => addEvents(trx, [event('connection/corp')]));
    expect((await told()).length).toBe(2);
    expect((await eventsAfter(company.sync.db, 0, 10, acme)).map(({ type }) => type)).toEqual(['membership.changed']);
  });
});
