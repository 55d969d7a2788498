// Configuration files for tests, in a folder of their own.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type CheckedConfig, checkConfig, type Source } from '../../src/config/load.ts';

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function newConfigFile(text: string, mode: number = 0o600): string {
  const file = join(newFolder(), 'rollcall.yaml');
  writeFileSync(file, text);
  // Not at creation: the umask of whoever runs the tests would have a say.
  chmodSync(file, mode);
  return file;
}

export function check(
  text: string,
  source: Omit<Partial<Source>, 'file'> & { readonly mode?: number } = {},
): CheckedConfig {
  return checkConfig({ env: {}, ...source, file: newConfigFile(text, source.mode) });
}

/** `line at: message` of each fault. */
export function faultsOf(text: string, source: Parameters<typeof check>[1] = {}): readonly string[] {
  return said(check(text, source).faults);
}

export function warningsOf(text: string, source: Parameters<typeof check>[1] = {}): readonly string[] {
  return said(check(text, source).warnings);
}

function said(faults: CheckedConfig['faults']): readonly string[] {
  return faults.map(({ at, line, message }) => `${line} ${at}: ${message}`);
}
