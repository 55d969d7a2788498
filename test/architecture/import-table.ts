// The table of docs/architecture.md: which folder of src may import which. It stands there and nowhere else.

export interface Allowed {
  /** Folders whose values may be imported. */
  readonly values: ReadonlySet<string>;
  /** Folders of which only types may be. */
  readonly types: ReadonlySet<string>;
}

/** @throws Error when the document has no such table: no table must not read as no rule. */
export function readImportTable(markdown: string): ReadonlyMap<string, Allowed> {
  const lines = markdown.split('\n');
  const head = lines.findIndex((line) => /^\|\s*folder\s*\|\s*may import\s*\|/.test(line));
  if (head < 0) throw new Error('docs/architecture.md has no table "| folder | may import |"');
  const table = new Map<string, Allowed>();
  for (const line of lines.slice(head + 2)) {
    const cells = /^\|([^|]*)\|([^|]*)\|/.exec(line);
    if (cells === null) break;
    const allowed = readAllowed(cells[2] ?? '');
    for (const folder of names(cells[1] ?? '')) table.set(folder, allowed);
  }
  if (table.size === 0) throw new Error('the table "| folder | may import |" of docs/architecture.md has no row');
  return table;
}

function readAllowed(cell: string): Allowed {
  // What stands behind the first full stop explains, and allows nothing.
  const [list = ''] = cell.split('.', 1);
  const entries = names(list);
  const typesOf = entries.flatMap((entry) => /^types of (.+)$/.exec(entry)?.[1] ?? []);
  return { values: new Set(entries.filter((entry) => !entry.startsWith('types of '))), types: new Set(typesOf) };
}

function names(cell: string): readonly string[] {
  return cell
    .split(',')
    .map((name) => name.trim().replaceAll(/[`*]/g, ''))
    .filter((name) => name !== '');
}
