// What a SAML sign-in costs beside node-saml alone on the same responses in the same run (design.md section 6), and how
// long others wait while somebody signs in with 5,000 groups. Ratios above 1 are faster than the library alone.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { SAML, ValidateInResponseTo } from '@node-saml/passport-saml';
import type { Expectation } from '../../src/saml/expectation.ts';
import { verifyResponse } from '../../src/saml/verify.ts';
import { TestIdp, base64 } from '../support/idp.ts';
import { SamlServed } from '../support/saml-served.ts';
import { load, machine, table } from './report.ts';

const SIZES = [1, 50, 5000] as const;

export async function benchSaml(): Promise<void> {
  const before = load();
  const idp = await TestIdp.make();
  const rows = [['', 'node-saml alone', 'verified here', 'ratio', 'whole sign-in', 'ratio']];
  for (const groups of SIZES) {
    const { alone, ours } = await verifying(idp, groups);
    const whole = await signingIn(idp, groups);
    const told = (ms: number): string => `${ms.toFixed(2)} ms`;
    const ratio = (ms: number): string => (alone / ms).toFixed(2);
    rows.push([`${groups} groups`, told(alone), told(ours), ratio(ours), told(whole), ratio(whole)]);
  }
  console.log(`processor time of one sign-in\n${table(rows)}\n`);
  console.log(`${await waiting(idp)}\n\n${machine('not used')}; load ${before} before, ${load()} after`);
}

function groupsOf(count: number): string[] {
  return Array.from({ length: count }, (_, nth) => `group-${nth}`);
}

/** Milliseconds of processor time of one verification: in turns, so that what else the machine does falls on both. */
async function verifying(idp: TestIdp, groups: number): Promise<{ readonly alone: number; readonly ours: number }> {
  const acsUrl = 'https://rollcall.example/saml/acme/acs';
  const audience = 'https://rollcall.example/saml/acme/metadata';
  const attributes = { Email: ['anna@acme.example'], Groups: groupsOf(groups) };
  const posted = base64(await idp.response({ acsUrl, audience, inResponseTo: '_request', attributes }));
  const createdAt = new Date().toISOString();
  const expected: Expectation = {
    entityId: audience,
    acsUrl,
    provider: idp.entityId,
    certificates: [idp.keys.certificate],
    decryptionKeys: [],
    signed: 'either',
    awaited: [{ id: '_request', createdAt }],
    allowIdpInitiated: false,
    clockSkewMs: 60_000,
    now: Date.now(),
  };
  const here = async (): Promise<void> => {
    const verdict = await verifyResponse(posted, expected);
    if (verdict.kind !== 'accepted') throw new Error(verdict.reason);
  };
  const library = async (): Promise<void> => {
    const saml = new SAML({
      issuer: audience,
      callbackUrl: acsUrl,
      idpCert: idp.keys.certificate,
      wantAuthnResponseSigned: false,
      validateInResponseTo: ValidateInResponseTo.always,
      cacheProvider: { saveAsync: async () => null, getAsync: async () => createdAt, removeAsync: async () => null },
    });
    await saml.validatePostResponseAsync({ SAMLResponse: posted });
  };
  const rounds = groups > 1000 ? 4 : 200;
  const times: { readonly alone: number; readonly ours: number }[] = [];
  for (let turn = 0; turn < 8; turn += 1) {
    times.push({ alone: await processorTime(library, rounds), ours: await processorTime(here, rounds) });
  }
  const best = (which: 'alone' | 'ours'): number => Math.min(...times.map((time) => time[which]));
  return { alone: best('alone'), ours: best('ours') };
}

async function processorTime(work: () => Promise<void>, rounds: number): Promise<number> {
  const before = process.cpuUsage();
  for (let round = 0; round < rounds; round += 1) await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / rounds;
}

/** Milliseconds of processor time that the real `serve` takes for one posted response, all of its threads together. */
async function signingIn(idp: TestIdp, groups: number): Promise<number> {
  const server = await served(idp);
  const [process] = server.processes;
  const people = Array.from({ length: 10 }, (_, nth) => `person-${nth}`);
  // The first ones write who they are, and warm the process up; what is measured is what happens every morning.
  const [warming, counted] = groups > 1000 ? [10, 20] : [300, 300];
  const responses: string[] = [];
  for (let nth = 0; nth < warming + counted; nth += 1) {
    responses.push(await responseOf(idp, server, people[nth % people.length] ?? '', groups));
  }
  const post = async (xml: string): Promise<void> => {
    const answer = await server.browser().postResponse('acme-saml', xml);
    if (answer.status !== 303) throw new Error(`${answer.status}: ${await answer.text()}`);
  };
  for (const xml of responses.slice(0, warming)) await post(xml);
  const before = ticksOf(process?.pid ?? 0);
  for (const xml of responses.slice(warming)) await post(xml);
  const spent = ticksOf(process?.pid ?? 0) - before;
  await server.stop();
  return spent / counted;
}

async function served(idp: TestIdp): Promise<SamlServed> {
  const idpMetadata = { xml: idp.metadata() };
  // Unasked for, so that the response alone is measured and not the request before it.
  return SamlServed.start({ acme: { idpMetadata, allowIdpInitiated: true }, beta: { idpMetadata } });
}

async function responseOf(idp: TestIdp, server: SamlServed, person: string, groups: number): Promise<string> {
  return idp.response({
    ...server.addresses('acme-saml'),
    inResponseTo: null,
    nameId: person,
    attributes: { Email: [`${person}@acme.example`], Groups: ['label-team', ...groupsOf(groups - 1)] },
    notOnOrAfter: new Date(Date.now() + 3_600_000),
    confirmedUntil: new Date(Date.now() + 3_600_000),
  });
}

/** Milliseconds of processor time of a process so far; the kernel counts in hundredths of a second. */
function ticksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Who asks at the same time, each one thing after the other. */
const OTHERS = 8;

/** How long others wait for an answer while nobody, and while somebody signs in with 5,000 groups. */
async function waiting(idp: TestIdp): Promise<string> {
  const server = await served(idp);
  const anna = server.browser();
  await anna.postResponse('acme-saml', await responseOf(idp, server, 'anna', 1));
  const logins: string[] = [];
  for (let nth = 0; nth < 8; nth += 1) logins.push(await responseOf(idp, server, `crowd-${nth % 4}`, 5000));
  const quiet = await waits(() => anna.get('/api/current-user/whoami'), sleep(4000));
  const signedIn = (async (): Promise<void> => {
    for (const xml of logins) await server.browser().postResponse('acme-saml', xml);
  })();
  const busy = await waits(() => anna.get('/api/current-user/whoami'), signedIn);
  await server.stop();
  const row = (name: string, list: readonly number[]): string[] => [
    name,
    String(list.length),
    ...[0.5, 0.99, 1].map((share) => `${quantile(list, share).toFixed(1)} ms`),
  ];
  const rows = [[`${OTHERS} others ask who they are`, 'asked', 'p50', 'p99', 'longest'], row('nobody signs in', quiet)];
  const added = quantile(busy, 0.99) - quantile(quiet, 0.99);
  return `${table([...rows, row('8 sign-ins with 5,000 groups', busy)])}\np99 + ${added.toFixed(1)} ms`;
}

async function waits(ask: () => Promise<unknown>, until: Promise<unknown>): Promise<number[]> {
  const state = { over: false };
  const end = until.then(() => {
    state.over = true;
  });
  const list: number[] = [];
  const other = async (): Promise<void> => {
    while (!state.over) {
      const began = performance.now();
      await ask();
      list.push(performance.now() - began);
      await sleep(5);
    }
  };
  await Promise.all([end, ...Array.from({ length: OTHERS }, other)]);
  return list.sort((a, b) => a - b);
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
