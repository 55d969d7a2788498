// A deliverer as a process of its own, to be killed: node deliver-process.ts DATABASE URL
import { webhookChannel } from '../../src/delivery/webhook.ts';
import { createDeliverer } from '../../src/delivery/deliverer.ts';
import { openDatabase } from '../../src/store/database.ts';

const [database = '', url = ''] = process.argv.slice(2);
const deliverer = createDeliverer({
  db: openDatabase(database),
  channels: [
    { ...webhookChannel({ url, secret: null, timeoutMs: 500 }), types: new Set(['run.failed']), opensCases: false },
  ],
  now: () => new Date().toISOString(),
  log: console.error,
  random: () => 0,
  claimMs: 1000,
  pauseMs: 5,
});
process.on('SIGTERM', () => void deliverer.stop().then(() => process.exit(0)));
deliverer.start();
console.log('ready');
