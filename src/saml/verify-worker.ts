// The thread that verifies: a login with 5,000 groups takes half a second of arithmetic, and others should not wait for it.
import { parentPort } from 'node:worker_threads';
import type { Expectation } from './expectation.ts';
import { verifyResponse } from './verify.ts';

export interface VerifyJob {
  readonly posted: string;
  readonly expected: Expectation;
}

parentPort?.on('message', ({ posted, expected }: VerifyJob) => {
  verifyResponse(posted, expected).then(
    (verdict) => parentPort?.postMessage(verdict, []),
    (error: unknown) => {
      // What nobody foresaw refuses, and leaves the thread as it was.
      const reason = error instanceof Error ? error.message : String(error);
      parentPort?.postMessage({ kind: 'refused', rule: 'isUnderstood', reason, response: null }, []);
    },
  );
});
