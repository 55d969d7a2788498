// `check`: every fault of the configuration at once.
import { checkConfig } from '../config/load.ts';
import type { Command } from './command.ts';
import { EXIT } from './command.ts';

export const check: Command = {
  name: 'check',
  summary: 'read the configuration and print every fault at once',
  examples: ['rollcall check', 'rollcall check --config config/rollcall.yaml --json'],
  async run({ out, configFile, env }) {
    const { config, faults, warnings } = checkConfig({ file: configFile, env });
    out.document({ ok: config !== null, faults, warnings });
    out.faults(faults, configFile);
    for (const { at, message } of warnings) out.warn(`${at}: ${message}`);
    if (config === null) out.error(`${configFile} has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}`);
    else out.line(`${configFile} is in order`);
    return config === null ? EXIT.badInput : EXIT.done;
  },
};
