// How long a process waits for another's write before it gives up, and how a database says that it did.
export const PATIENCE_MS = 30_000;

/** Whether another process kept the write lock for as long as anybody waits. */
export function isBusy(error: unknown): boolean {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return code === '55P03' || (typeof code === 'string' && code.startsWith('SQLITE_BUSY'));
}
