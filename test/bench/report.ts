// How a measurement is told: an aligned table, and on what it was measured.
import { spawnSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';
import Sqlite from 'better-sqlite3';
import { openDatabase } from '../../src/store/database.ts';

export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ');
  return rows.map(line).join('\n');
}

/** Processes that wanted a processor in the last minute: what else ran tells how far a number can be trusted. */
export function load(): string {
  return (loadavg()[0] ?? 0).toFixed(1);
}

export function machine(postgres: string): string {
  const [cpu] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB`;
  return [
    `${cpus().length} × ${cpu?.model ?? 'unknown'}, ${memory}, ${process.platform} ${release()}`,
    `Node ${process.versions.node}, SQLite ${sqliteVersion()}, Postgres ${postgres}, ${slapdVersion()}`,
  ].join('\n');
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

export async function postgresVersion(url: string): Promise<string> {
  const db = openDatabase(url);
  const row: { server_version: string } | undefined = (await db.raw('SHOW server_version')).rows[0];
  await db.destroy();
  return row?.server_version ?? '';
}

function sqliteVersion(): string {
  const db = new Sqlite(':memory:');
  const version = db.prepare('SELECT sqlite_version()').pluck().get();
  db.close();
  return String(version);
}

function slapdVersion(): string {
  const path = `${process.env['PATH']}:/usr/sbin:/usr/local/libexec`;
  const { stdout, stderr } = spawnSync('slapd', ['-VV'], { encoding: 'utf8', env: { PATH: path } });
  return /OpenLDAP: slapd ([\d.]+)/.exec(`${stdout}${stderr}`)?.[0] ?? 'slapd';
}
