// The command line: global options, one subcommand a definition, help with examples and exit codes.
import { Command as Commander, CommanderError } from 'commander';
import { loadConfig } from '../config/load.ts';
import { migrate } from '../store/migrate.ts';
import { openDatabase } from '../store/database.ts';
import type { Database } from '../store/database.ts';
import type { Sync } from '../sync/context.ts';
import type { Command, Context } from './command.ts';
import { EXIT } from './command.ts';
import { reportError } from './exit.ts';
import { Output } from './output.ts';
import type { Streams } from './output.ts';

const EXIT_CODES = `
Exit codes:
  0  done
  1  something unforeseen
  2  bad input or configuration
  3  complete, but a brake held something
  4  no proof of completeness: nothing was taken away for being unseen`;

const EXAMPLES = `
Examples:
  rollcall check
  rollcall apply --plan
  rollcall members --organization acme --json
  rollcall help sync`;

/** Runs one command line and gives its exit code. */
export async function runProgram(
  commands: readonly Command[],
  argv: readonly string[],
  streams: Streams,
): Promise<number> {
  let code: number = EXIT.done;
  const program = new Commander('rollcall')
    .description('Joins people of LDAP, SCIM and SAML to organizations that exist, and says why.')
    .option('--config <file>', 'configuration file (else $ROLLCALL_CONFIG, else config/rollcall.yaml)')
    .option('--json', 'print one JSON document on standard output')
    .addHelpText('after', `${EXAMPLES}\n${EXIT_CODES}`)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (words) => streams.stdout.write(words),
      writeErr: (words) => streams.stderr.write(oneLine(words)),
    });
  for (const command of commands) {
    const sub = program
      .command(command.name)
      .description(command.summary)
      .option('--config <file>', 'configuration file')
      .option('--json', 'print one JSON document on standard output')
      .exitOverride()
      .addHelpText(
        'after',
        `\nExamples:\n${command.examples.map((example) => `  ${example}`).join('\n')}\n${EXIT_CODES}`,
      );
    for (const argument of command.args ?? []) sub.argument(argument);
    for (const option of command.options ?? []) {
      if (option.required === true) sub.requiredOption(option.flags, option.summary);
      else sub.option(option.flags, option.summary);
    }
    sub.action(async () => {
      const options = sub.optsWithGlobals<Record<string, string | boolean | undefined>>();
      const config = typeof options['config'] === 'string' ? options['config'] : undefined;
      const file = config ?? streams.env['ROLLCALL_CONFIG'] ?? 'config/rollcall.yaml';
      code = await runCommand(command, { file, args: sub.args, options }, streams);
    });
  }
  if (argv.length === 0) {
    // Help on standard output is an answer; nobody asked.
    program.outputHelp({ error: true });
    return EXIT.badInput;
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.done;
    const message = oneLine(error.message).replace(/^rollcall: |\n$/g, '');
    new Output(streams, argv.includes('--json')).document({ error: { code: 'input_invalid', message } });
    return EXIT.badInput;
  }
  return code;
}

/** Commander's words as all other errors are said: one line, and what was meant behind it. */
function oneLine(words: string): string {
  return words.replace(/^error: /, 'rollcall: ').replace(/\n\((Did you mean .*\?)\)/, '. $1');
}

async function runCommand(
  command: Command,
  call: {
    readonly file: string;
    readonly args: readonly string[];
    readonly options: Readonly<Record<string, string | boolean | undefined>>;
  },
  streams: Streams,
): Promise<number> {
  const out = new Output(streams, call.options['json'] === true);
  let database: Database | null = null;
  const config: Context['config'] = (secrets = 'none') => loadConfig({ file: call.file, env: streams.env, secrets });
  let opened: Promise<Sync> | null = null;
  const open = async (): Promise<Sync> => {
    const { brake, database: where } = config();
    database = openDatabase(where.url);
    await migrate(database);
    return { db: database, brake, now: () => new Date().toISOString() };
  };
  const sync = async (): Promise<Sync> => (opened ??= open());
  try {
    return await command.run({ out, config, sync, configFile: call.file, env: streams.env }, call);
  } catch (error) {
    out.progressDone();
    return reportError(out, error, (streams.env['ROLLCALL_DEBUG'] ?? '') !== '');
  } finally {
    await (database as Database | null)?.destroy();
  }
}
