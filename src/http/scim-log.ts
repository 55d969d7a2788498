// Sent → did: every request of a SCIM client with its answer and what it caused, kept for a set time. Written once a
// second in one go, so that a look-up costs no write of its own; passwords are never among it.
import type { Json } from '../scim/json.ts';
import { isObject } from '../scim/json.ts';
import type { Database } from '../store/database.ts';
import type { ScimRequest } from '../store/scim-requests.ts';
import { addScimRequests, pruneScimRequests } from '../store/scim-requests.ts';

const FLUSH_MS = 1_000;
const PRUNE_MS = 3_600_000;
const MAX_TEXT = 8_000;
const MAX_PATH = 2_000;
/** What waits to be written; more is not kept, and never grows the memory of a process that can't write. */
const MAX_WAITING = 10_000;

export class ScimLog {
  readonly #db: Database;
  readonly #now: () => string;
  readonly #keepMs: number;
  readonly #report: (error: unknown) => void;
  #waiting: ScimRequest[] = [];
  #timer: NodeJS.Timeout | null = null;
  #pruneAt = 0;

  constructor(db: Database, options: { now: () => string; keepMs: number; report: (error: unknown) => void }) {
    this.#db = db;
    this.#now = options.now;
    this.#keepMs = options.keepMs;
    this.#report = options.report;
  }

  add(request: Omit<ScimRequest, 'request' | 'answer'> & { readonly request: Json; readonly answer: Json }): void {
    if (this.#waiting.length >= MAX_WAITING) return;
    const { request: sent, answer } = request;
    const path = /password/i.test(request.path) ? request.path.replace(/\?.*/s, '?[redacted]') : request.path;
    this.#waiting.push({
      ...request,
      path: cut(path, MAX_PATH, ''),
      request: redacted(sent),
      answer: redacted(answer),
    });
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_MS).unref();
  }

  /** Writes what waits; also called when the server stops. */
  async flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const requests = this.#waiting;
    this.#waiting = [];
    try {
      await addScimRequests(this.#db, requests);
      const now = Date.parse(this.#now());
      if (now < this.#pruneAt) return;
      this.#pruneAt = now + PRUNE_MS;
      await pruneScimRequests(this.#db, new Date(now - this.#keepMs).toISOString());
    } catch (error) {
      this.#report(error);
    }
  }
}

function redacted(body: Json): string | null {
  if (body === null) return null;
  const plain = JSON.stringify(body);
  const text = isTold(plain) ? JSON.stringify(body, withoutPasswords) : plain;
  return cut(text, MAX_TEXT, '…');
}

/** No half of a character is left: no database takes it. */
function cut(text: string, length: number, end: string): string {
  return text.length > length ? `${text.slice(0, length).toWellFormed()}${end}` : text;
}

/** Whether it speaks of passwords at all. */
function isTold(text: string): boolean {
  return /password/i.test(text);
}

/** Of the attribute itself, of what a PATCH writes at its path, and of a filter: nobody filters by it who does not write it. */
function withoutPasswords(this: unknown, key: string, value: unknown): unknown {
  const name = key.toLowerCase();
  const isOne =
    name.endsWith('password') ||
    (name === 'filter' && typeof value === 'string' && isTold(value)) ||
    (name === 'value' && isTold(pathOf(this)));
  return isOne ? '[redacted]' : value;
}

/** Where an operation of a PATCH writes its value; empty for what is none. */
function pathOf(operation: unknown): string {
  const entries = isObject(operation) ? Object.entries(operation) : [];
  const [, path] = entries.find(([key]) => key.toLowerCase() === 'path') ?? [];
  return typeof path === 'string' ? path : '';
}
