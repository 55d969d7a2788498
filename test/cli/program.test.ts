// The real command line, in a process of its own.
import { spawn } from 'node:child_process';
import { chmodSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { newConfigFile, newFolder } from '../config/file.ts';
import { runCli } from '../support/cli.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

describe('rollcall check', () => {
  test('exits 0 on a sound file, and says so', async () => {
    const file = newConfigFile('signup: open');
    const { code, stdout, stderr } = await runCli(['check', '--config', file]);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${file} is in order\n`, stderr: '' });
    const json = await runCli(['check', '--config', file, '--json']);
    expect(json.json()).toEqual({ ok: true, faults: [], warnings: [] });
  });

  test('exits 2 with every fault at once, each with its line', async () => {
    const file = newConfigFile('signup: opened\nserver: { prot: 1 }\n');
    const { code, stdout, stderr } = await runCli(['check', '--config', file]);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr.split('\n')).toEqual([
      `${file}:1  signup       must be one of open, invitation-only. Did you mean open?`,
      `${file}:2  server.prot  is an unknown key. Did you mean port?`,
      `rollcall: ${file} has 2 faults`,
      '',
    ]);
    const json = await runCli(['--json', 'check', '--config', file]);
    expect(json.code).toBe(2);
    expect(json.json()).toEqual({
      ok: false,
      faults: [
        { at: 'signup', line: 1, message: 'must be one of open, invitation-only. Did you mean open?' },
        { at: 'server.prot', line: 2, message: 'is an unknown key. Did you mean port?' },
      ],
      warnings: [],
    });
  });

  test('exits 0 with warnings', async () => {
    const file = newConfigFile('connections: [{ id: s, kind: scim, token: s3cr3t }]', 0o644);
    const { code, stderr } = await runCli(['check', '--config', file]);
    expect(code).toBe(0);
    expect(stderr).toContain(`chmod 600 ${file}`);
    expect(stderr).not.toContain('s3cr3t');
    expect((await runCli(['check', '--config', file, '--json'])).json()).toMatchObject({
      ok: true,
      warnings: [{ at: 'connections[0].token', line: 1 }],
    });
  });

  test('tells of secrets that are missing', async () => {
    const file = newConfigFile('connections: [{ id: s, kind: scim, token: { env: SCIM_TOKEN } }]');
    expect((await runCli(['check', '--config', file])).stderr).toContain('SCIM_TOKEN is not set');
    expect((await runCli(['check', '--config', file], { env: { SCIM_TOKEN: 't' } })).code).toBe(0);
  });
});

describe('the configuration file', () => {
  test('is named by --config, else by ROLLCALL_CONFIG, else it is config/rollcall.yaml', async () => {
    const named = newConfigFile('signup: a');
    const fromEnvironment = newConfigFile('signup: b');
    const env = { ROLLCALL_CONFIG: fromEnvironment };
    expect((await runCli(['check', '--config', named], { env })).stderr).toContain(named);
    expect((await runCli(['check'], { env })).stderr).toContain(fromEnvironment);
    const cwd = newFolder();
    const absent = await runCli(['check'], { cwd });
    expect(absent.code).toBe(2);
    expect(absent.stderr).toContain(join(cwd, 'config/rollcall.yaml: there is no such file'));
    expect(absent.stderr).toContain('--config FILE or ROLLCALL_CONFIG');
  });

  test('needs nobody’s secrets where a command only reads the store', async () => {
    const folder = newFolder();
    const file = join(folder, 'rollcall.yaml');
    writeFileSync(file, 'connections: [{ id: s, kind: scim, token: { env: SCIM_TOKEN } }]');
    chmodSync(file, 0o600);
    const { code, json } = await runCli(['holds', '--config', file, '--json']);
    expect(json()).toEqual({ holds: [] });
    expect(code).toBe(0);
    expect(readdirSync(folder)).toContain('data');
  });
});

describe('a command line that cannot be meant', () => {
  test.each([
    [['chekc'], "rollcall: unknown command 'chekc'. Did you mean check?\n"],
    [['check', '--jsn'], "rollcall: unknown option '--jsn'. Did you mean --json?\n"],
    [['check', 'more'], "rollcall: too many arguments for 'check'. Expected 0 arguments but got 1: more.\n"],
    [['members'], "rollcall: required option '--organization <id>' not specified\n"],
    [['sync'], "rollcall: missing required argument 'connection'\n"],
  ])('%j exits 2 with one clear line', async (args, said) => {
    const { code, stdout, stderr } = await runCli(args);
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: said });
  });

  test('is one JSON document with --json', async () => {
    const { code, json } = await runCli(['chekc', '--json']);
    expect(code).toBe(2);
    expect(json()).toEqual({
      error: { code: 'input_invalid', message: "unknown command 'chekc'. Did you mean check?" },
    });
  });

  test('that is empty shows the help and exits 2', async () => {
    const { code, stdout, stderr } = await runCli([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('Usage: rollcall');
  });
});

describe('help', () => {
  test.each([[['--help']], [['help', 'check']], [['check', '--help']]])('%j: examples and exit codes', async (args) => {
    const { code, stdout, stderr } = await runCli(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/Examples:\n {2}rollcall check/);
    expect(stdout).toMatch(/Exit codes:\n {2}0 {2}done[^]*\n {2}4 {2}no proof of completeness/);
  });
});

describe('a reader that has seen enough', () => {
  test('is no error', async () => {
    const child = spawn(`${ROOT}node_modules/.bin/node`, [`${ROOT}src/main.ts`, '--help'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    const said: string[] = [];
    child.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()));
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect({ code, said: said.join('') }).toEqual({ code: 0, said: '' });
  });
});
