// samlp brings no types; these are the ones of what the tests use.
declare module 'samlp' {
  import type { RequestHandler } from 'express';
  const samlp: {
    readonly auth: (options: Readonly<Record<string, unknown>>) => RequestHandler;
    readonly metadata: (options: Readonly<Record<string, unknown>>) => RequestHandler;
  };
  export default samlp;
}
