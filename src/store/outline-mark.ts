// A mark that is another one after every change of organizations, domains, connections, mappings or workspaces,
// whoever made it: the database sets it (migrations/0012-pushes.ts).
import type { Database } from './database.ts';
import { rowOf } from './statement.ts';

export async function outlineMark(db: Database): Promise<string> {
  const row = await rowOf<{ mark: string }>(db, 'SELECT mark FROM outline_mark WHERE id = 1');
  return row?.mark ?? '';
}
