// `npm run demo`: the practice company through the real command line, on Monday and on Friday. Every step prints the
// command it runs, so that it can be run again by hand.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const config = 'config/demo.yaml';
const monday = 'config/demo/monday.ldif';
const friday = 'config/demo/friday.ldif';

rmSync(new URL('../../data/demo', import.meta.url), { recursive: true, force: true });

say('The organizations, the directory and the mappings are declared in config/demo.yaml.');
run('apply');
say('Monday: what would the first sync do?');
run('sync harbour --ldif', monday, '--plan');
say('It is committed.');
run('sync harbour --ldif', monday);
say('Who is in claims, and why is one of them what they are?');
run('members --organization claims');
const someone = (
  JSON.parse(quiet('members --organization claims --json')) as { members: { email: string; role: string }[] }
).members;
run(`explain ${someone.find(({ role }) => role === 'reviewer')?.email ?? ''} --organization claims`);
say('The same again writes nothing.');
run('sync harbour --ldif', monday);
say('Friday: the Owner of claims has left, and most of a department of radiology is gone from its groups.');
run('sync harbour --ldif', friday);
say('The vacancy was opened in the transaction that emptied the seat.');
run('vacancies');
say('The mass removal was held; everything else went on. A person decides: one is kept, the others may go.');
run('holds');
const { holds } = JSON.parse(quiet('holds --json')) as {
  holds: { id: string; changes: { email: string; target: unknown }[] }[];
};
const hold = holds[0];
const kept = hold?.changes.find(({ target }) => target === 'organization')?.email;
if (hold === undefined || kept === undefined) throw new Error('the demo expects a hold on Friday');
run(`holds reject ${hold.id} --only ${kept}`);
run(`holds approve ${hold.id}`);
const { vacancies } = JSON.parse(quiet('vacancies --json')) as { vacancies: { candidates: { email: string }[] }[] };
say('Support fills the vacant seat.');
run(
  `vacancies assign claims --to ${vacancies[0]?.candidates[0]?.email ?? ''} --reason`,
  'the former Owner has left the company',
);
say('Planning everybody anew from the stored facts gives nothing: the store is what its facts say.');
run('recompute --check');

function say(words: string): void {
  process.stdout.write(`\n# ${words}\n`);
}

/** Runs one command; `held` (3) is an outcome of a run, every other code but 0 ends the demo. */
function run(words: string, ...rest: string[]): void {
  const args = [...words.split(' '), ...rest];
  process.stdout.write(
    `\n$ rollcall ${args.map((arg) => (arg.includes(' ') ? JSON.stringify(arg) : arg)).join(' ')} --config ${config}\n`,
  );
  const { status } = spawnSync(process.execPath, ['src/main.ts', ...args, '--config', config], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0 && status !== 3) process.exit(status ?? 1);
}

function quiet(words: string): string {
  const { stdout } = spawnSync(process.execPath, ['src/main.ts', ...words.split(' '), '--config', config], {
    cwd: root,
    encoding: 'utf8',
  });
  return stdout;
}
