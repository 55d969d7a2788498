// From a file and the environment to a frozen configuration, or to all of its faults at once, each with its place and
// line (design.md section 5).
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Environment } from '../connection/secret.ts';
import { type Fault, RollcallError } from '../errors.ts';
import { checkAddresses } from './addresses.ts';
import type { Config } from './config.ts';
import { readDatabaseUrl } from './database-url.ts';
import { declare } from './declare.ts';
import { type ConfigDocument, dotted, parseConfigDocument } from './document.ts';
import type { Finding, Findings } from './finding.ts';
import { type Parts, readParts } from './read.ts';
import { checkReferences } from './references.ts';
import { checkSecrets, type SecretsNeeded, tryResolve, warnOfOpenSecrets } from './secrets.ts';

export interface Source {
  readonly file: string;
  readonly env: Environment;
  /** All of them unless stated: a command that only reads the store needs none. */
  readonly secrets?: SecretsNeeded;
}

export interface CheckedConfig {
  /** Null when there are faults. */
  readonly config: Config | null;
  readonly faults: readonly Fault[];
  readonly warnings: readonly Fault[];
}

/** @throws RollcallError `config_unreadable`, or `config_invalid` with every fault. */
export function loadConfig(source: Source): Config {
  const { config, faults } = checkConfig(source);
  if (config !== null) return config;
  const count = faults.length === 1 ? 'a fault' : `${faults.length} faults`;
  throw new RollcallError('config_invalid', `the configuration ${resolve(source.file)} has ${count}`, { faults });
}

/** @throws RollcallError `config_unreadable` when there is no such file, or it is not YAML. */
export function checkConfig(source: Source): CheckedConfig {
  const file = resolve(source.file);
  const document = parseConfigDocument(readConfigFile(file), file, dirname(file));
  if (document.faults.length > 0) {
    throw new RollcallError('config_unreadable', `the configuration ${file} is not YAML that can be read`, {
      faults: document.faults,
    });
  }
  const parts = readParts(document.data);
  const needed = source.secrets ?? 'all';
  const database = findDatabase(parts, file, source.env);
  const checks: readonly Findings[] = [
    { faults: parts.faults, warnings: [] },
    database.findings,
    checkReferences(parts),
    checkAddresses(parts),
    checkSecrets(parts, needed, source.env, readFile),
    { faults: [], warnings: isOpenToOthers(file) ? warnOfOpenSecrets(parts, file) : [] },
  ];
  const faults = placed(
    checks.flatMap((check) => check.faults),
    document,
    file,
  );
  const warnings = placed(
    checks.flatMap((check) => check.warnings),
    document,
    file,
  );
  if (faults.length > 0) return { config: null, faults, warnings };
  return { config: deepFreeze(declare(parts, { file, databaseUrl: database.url, warnings })), faults, warnings };
}

function readFile(path: string): string {
  return readFileSync(path, 'utf8');
}

function readConfigFile(file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : null;
    const reason =
      code === 'ENOENT'
        ? 'there is no such file. Name another one with --config FILE or ROLLCALL_CONFIG'
        : code === 'EACCES'
          ? 'this user may not read it'
          : code === 'EISDIR'
            ? 'it is a directory'
            : code === 'ERR_ENCODING_INVALID_ENCODED_DATA'
              ? 'it is not UTF-8 text'
              : String(code ?? cause);
    throw new RollcallError('config_unreadable', `cannot read the configuration ${file}: ${reason}`, { cause });
  }
}

function findDatabase(
  parts: Parts,
  file: string,
  env: Environment,
): { readonly url: string; readonly findings: Findings } {
  const path = ['database', 'url'];
  const fail = (message: string) => ({ url: '', findings: { faults: [{ path, message }], warnings: [] } });
  if (parts.databaseUrl === null) return { url: '', findings: { faults: [], warnings: [] } };
  const secret = tryResolve(parts.databaseUrl, env, readFile);
  if ('fault' in secret) return fail(secret.fault);
  const read = readDatabaseUrl(secret.value, dirname(file));
  return 'fault' in read ? fail(read.fault) : { url: read.url, findings: { faults: [], warnings: [] } };
}

const GROUP_OR_OTHERS_READ = 0o044;

function isOpenToOthers(file: string): boolean {
  return (statSync(file).mode & GROUP_OR_OTHERS_READ) !== 0;
}

/** In the order of the file, with the line looked up; what is said twice of a place is said once. */
function placed(findings: readonly Finding[], document: ConfigDocument, file: string): readonly Fault[] {
  const faults = new Map<string, Fault>();
  for (const { path, message } of findings) {
    const line = document.lineOf(path);
    const at = dotted(path, file);
    faults.set(`${at}\n${message}`, line === undefined ? { at, message } : { at, message, line });
  }
  return [...faults.values()].sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
