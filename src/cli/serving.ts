// Serving: the declared objects are applied, HTTP is answered, the schedule followed and what has to go out sent, until
// a signal ends it.
import { setTimeout as sleep } from 'node:timers/promises';
import { loadSecretKey } from '../config/secret-key.ts';
import { createDeliverer } from '../delivery/deliverer.ts';
import { createApp } from '../http/app.ts';
import { listen } from '../http/listen.ts';
import { declare } from '../organization/declare.ts';
import type { Sync } from '../sync/context.ts';
import { applyExpiredHolds } from '../sync/decide-hold.ts';
import { runSchedule } from '../sync/schedule.ts';
import { channelsOf } from './channels.ts';
import type { Context } from './command.ts';
import { EXIT } from './command.ts';
import { openDoors } from './doors.ts';
import { printable } from './printable.ts';
import { scheduledReadings } from './readings.ts';
import type { Job } from './upkeep.ts';
import { keepUp } from './upkeep.ts';

/** How often holds are looked through for one whose deadline has passed. */
const DEADLINES_MS = 60_000;

export async function serveUntilSignal({ out, config, sync, env }: Context): Promise<number> {
  const declared = config('all');
  // Before anything is written: without a key nothing could be served.
  const secretKey = loadSecretKey(declared.database.url, env);
  const store = await sync();
  const print = (line: string): void => out.notice(line);
  const log = (line: string): void => print(`${new Date().toISOString()} ${printable(line)}`);
  const { value } = await declare(store, declared, { preview: false });
  for (const { at, message } of declared.warnings) log(`warning: ${at}: ${message}`);
  for (const warning of value.warnings) log(`warning: ${warning}`);
  for (const { email, token } of value.activations)
    print(`one-time link for ${email}: ${declared.server.publicUrl}/user/activate?token=${token}`);

  const end = new AbortController();
  const { signal } = end;
  const stopped = untilSignal(end);
  const stopping = (): boolean => signal.aborted;
  const doors = await openDoors({ config: declared, sync: store, secretKey, env, log, print, stopping });
  const app = createApp({ routers: doors.routers, log, trustProxy: declared.server.trustProxy });
  const server = await listen(app, declared.server.host, declared.server.port);
  log(`listening on ${server.url}`);
  const channels = channelsOf(declared, { env, print });
  const deliverer = createDeliverer({ db: store.db, channels, now: store.now, log });
  deliverer.start();
  const schedule = runSchedule(store, scheduledReadings(declared.connections, env), {
    log,
    random: Math.random,
    signal,
  });
  const upkeep = keepUp([...doors.jobs, deadlines(store, log)], signal, log);
  log(`${await stopped}: ending; a second signal ends at once`);
  const listening = drained(declared.server.drainMs).then(async () => server.stop());
  await Promise.all([listening, schedule, upkeep, deliverer.stop()]);
  await doors.close();
  log('ended');
  return EXIT.done;
}

/** A balancer sends people here until it has seen that /readyz says otherwise: till then they are answered. */
async function drained(ms: number | null): Promise<void> {
  if (ms !== null) await sleep(ms);
}

/** Held rows whose deadline has passed are applied; by default there is none. */
function deadlines(sync: Sync, log: (line: string) => void): Job {
  const work = async (): Promise<void> => {
    for (const id of await applyExpiredHolds(sync)) log(`hold ${id}: its deadline has passed, it is applied`);
  };
  return { name: 'deadlines of holds', everyMs: DEADLINES_MS, work };
}

/** Resolves with the name of the first signal; the second one ends the process, which loses nothing either. */
async function untilSignal(end: AbortController): Promise<string> {
  return new Promise((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) {
      process.on(name, () => {
        if (end.signal.aborted) process.exit(EXIT.unforeseen);
        end.abort();
        resolve(name);
      });
    }
  });
}
