// `serve`: the declared objects are applied, HTTP is answered and the schedule followed until a signal ends it.
import { readFileSync } from 'node:fs';
import { Router } from 'express';
import type { Config } from '../config/config.ts';
import type { Environment, SecretRef } from '../connection/secret.ts';
import { resolveSecret } from '../connection/secret.ts';
import { createDeliverer } from '../delivery/deliverer.ts';
import { createApp } from '../http/app.ts';
import { healthRouter } from '../http/health.ts';
import { listen } from '../http/listen.ts';
import { scimRouter } from '../http/scim-router.ts';
import { declareScimTokens } from '../organization/declare-scim-tokens.ts';
import { declare } from '../organization/declare.ts';
import { applyExpiredHolds } from '../sync/decide-hold.ts';
import { runSchedule } from '../sync/schedule.ts';
import { channelsOf } from './channels.ts';
import { printable } from './printable.ts';
import type { Command } from './command.ts';
import { EXIT } from './command.ts';
import { scheduledReadings } from './readings.ts';

export const serve: Command = {
  name: 'serve',
  summary: 'migrate, apply the declared objects, then serve HTTP and the schedule until stopped',
  examples: ['rollcall serve', 'rollcall --config /etc/rollcall.yaml serve'],
  async run({ out, config, sync, env }) {
    const declared = config('all');
    const store = await sync();
    const log = (line: string): void => out.notice(`${new Date().toISOString()} ${printable(line)}`);
    await applyExpiredHolds(store);
    const { value } = await declare(store, declared, { preview: false });
    for (const { at, message } of declared.warnings) log(`warning: ${at}: ${message}`);
    for (const warning of value.warnings) log(`warning: ${warning}`);
    for (const { email, token } of value.activations)
      out.notice(`one-time link for ${email}: ${declared.server.publicUrl}/user/activate?token=${token}`);

    const end = new AbortController();
    const stopped = untilSignal(end);
    await declareScimTokens(store, scimTokens(declared.connections, env));
    const health = healthRouter({ db: store.db, stopping: () => end.signal.aborted });
    const scim = scimRouter({
      sync: store,
      publicUrl: declared.server.publicUrl,
      limits: { requestsPerSecond: declared.limits.scimRequestsPerSecond },
      report: (error) => log(`scim: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
    });
    const app = createApp({ routers: [health, Router().use('/scim/v2', scim.router)], log });
    const server = await listen(app, declared.server.host, declared.server.port);
    log(`listening on ${server.url}`);
    const deliverer = createDeliverer({
      db: store.db,
      channels: channelsOf(declared, { env, print: (line) => out.notice(line) }),
      now: store.now,
      log,
    });
    deliverer.start();
    const schedule = runSchedule(store, scheduledReadings(declared.connections, env), {
      log,
      random: Math.random,
      signal: end.signal,
    });
    log(`${await stopped}: ending; a second signal ends at once`);
    await Promise.all([server.stop(), schedule, deliverer.stop()]);
    await scim.close();
    log('ended');
    return EXIT.done;
  },
};

/** The tokens that the file states; a connection without one is known by those that were made by command. */
function scimTokens(connections: Config['connections'], env: Environment): Parameters<typeof declareScimTokens>[1] {
  return connections.flatMap(({ id, kind, settings }) =>
    kind === 'scim'
      ? [{ connection: id, token: settings.token === null ? null : secretFrom(settings.token, env) }]
      : [],
  );
}

function secretFrom(ref: SecretRef, env: Environment): string {
  return resolveSecret(ref, env, (path) => readFileSync(path, 'utf8'));
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
