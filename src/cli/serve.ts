// `serve`: the long-running process. What it serves with is loaded by it alone: every other command starts in half the time.
import type { Command } from './command.ts';

export const serve: Command = {
  name: 'serve',
  summary: 'migrate, apply the declared objects, then serve HTTP and the schedule until stopped',
  examples: ['rollcall serve', 'rollcall --config /etc/rollcall.yaml serve'],
  async run(context) {
    const { serveUntilSignal } = await import('./serving.ts');
    return serveUntilSignal(context);
  },
};
