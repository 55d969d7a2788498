// How long a process waits for another's write before it gives up.
export const PATIENCE_MS = 30_000;
