// Holds every file of src to the import table of docs/architecture.md, and the core to having no clock, no chance and
// no way out. Prints each breach and exits 1: `node test/architecture/imports.ts [--root FOLDER]`.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { type Allowed, readImportTable } from './import-table.ts';
import { readSource, type Source } from './source.ts';

interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
  readonly line: number;
}

/** What makes a result depend on more than the arguments; each with how it is called in a breach. */
const IMPURE: readonly (readonly [RegExp, string])[] = [
  [/(?<![\w$.])Date\s*\.\s*now\b/g, 'Date.now'],
  [/(?<![\w$.])new\s+Date\s*(?:\(\s*\)|(?!\s*\())/g, 'new Date()'],
  [/(?<![\w$.]|new\s{1,9})Date\s*\(/g, 'Date()'],
  [/(?<![\w$.])Temporal\s*\.\s*Now\b/g, 'Temporal.Now'],
  [/(?<![\w$.])performance\b(?!\s*:)/g, 'performance'],
  [/(?<![\w$.])Math\s*\.\s*random\b/g, 'Math.random'],
  [/(?<![\w$.])crypto\b(?!\s*:)/g, 'crypto'],
  [/(?<![\w$.])fetch\s*\(/g, 'fetch'],
  [/(?<![\w$.])process\b(?!\s*:)/g, 'process'],
  [/(?<![\w$.])globalThis\b/g, 'globalThis'],
  [/(?<![\w$.])(?:setTimeout|setInterval|setImmediate)\b/g, 'a timer'],
];

const { values } = parseArgs({ options: { root: { type: 'string', default: '.' } } });
const root = resolve(values.root);
const sources = join(root, 'src');
const table = readImportTable(readFileSync(join(root, 'docs', 'architecture.md'), 'utf8'));
const files = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter((name) =>
  /\.[cm]?[jt]sx?$/.test(name),
);
const breaches = files.sort().flatMap(breachesOf);
for (const breach of breaches) console.error(breach);
if (breaches.length > 0) {
  console.error(`${breaches.length} against the table of docs/architecture.md`);
  process.exit(1);
}

function breachesOf(name: string): readonly string[] {
  const file = join(sources, name);
  const folder = folderOf(name);
  // The composition root: the only file that knows everyone.
  if (folder === 'main') return [];
  const place = relative(root, file).split(sep).join('/');
  const allowed = folder === 'errors' ? { values: new Set<string>(), types: new Set<string>() } : table.get(folder);
  if (allowed === undefined)
    return [`${place}:1 stands in ${folder}, which is not in the table of docs/architecture.md`];
  const source = readSource(readFileSync(file, 'utf8'));
  const imports = importsOf(source).filter((each) => !mayImport(folder, file, each, allowed));
  const breaches = imports.map(
    ({ specifier, typeOnly, line }) =>
      `${place}:${line} imports ${typeOnly ? 'types of ' : ''}${specifier}, which ${folder} may not`,
  );
  if (folder !== 'core') return breaches;
  for (const [pattern, what] of IMPURE) {
    for (const { index } of source.code.matchAll(pattern)) {
      breaches.push(`${place}:${source.lineOf(index)} uses ${what}, which core may not`);
    }
  }
  return breaches;
}

/** `core` for core/plan.ts, `errors` for errors.ts. */
function folderOf(name: string): string {
  const [first = '', ...rest] = name.split(sep);
  return rest.length === 0 ? first.replace(/\.[^.]+$/, '') : first;
}

function mayImport(folder: string, file: string, { specifier, typeOnly }: Import, allowed: Allowed): boolean {
  if (!specifier.startsWith('.')) return folder !== 'core';
  const target = relative(sources, resolve(dirname(file), specifier));
  if (target.startsWith('..')) return false;
  const aim = folderOf(target);
  return aim === folder || allowed.values.has(aim) || (typeOnly && allowed.types.has(aim));
}

/**
 * Static imports and re-exports, dynamic imports and `require`. `import { type A }` loads the module all the same, so
 * only `import type` is an import of types.
 */
function importsOf(source: Source): readonly Import[] {
  const found: Import[] = [];
  const statement = /(?<![\w$.])(?:import|export)(\s+type(?=[\s{*]))?(?:[\s{][^;'"`()]*?[\s}]from)?\s*(?=['"])/g;
  const call = /(?<![\w$.])(?:import|require)\s*\(\s*(?=(['"`]?))/g;
  for (const match of source.code.matchAll(statement)) {
    const specifier = source.stringAt(match.index + match[0].length);
    if (specifier === null) continue;
    found.push({ specifier, typeOnly: match[1] !== undefined, line: source.lineOf(match.index) });
  }
  for (const match of source.code.matchAll(call)) {
    // What is computed could be anything.
    const specifier = source.stringAt(match.index + match[0].length) ?? './..';
    found.push({ specifier, typeOnly: false, line: source.lineOf(match.index) });
  }
  return found;
}
