// The smallest sessions that do what the SAML door asks of them: a cookie, and in memory whom it opens what for.
import { randomUUID } from 'node:crypto';
import { Router } from 'express';
import type { Request } from 'express';
import type { Opened, SessionOpener } from '../../src/http/session-opener.ts';

export class TestSessions implements SessionOpener {
  readonly opened = new Map<string, Opened[]>();

  readonly open: SessionOpener['open'] = async (request, response, opened) => {
    const session = (await this.current(request)) ?? randomUUID();
    response.cookie('session', session, { httpOnly: true, sameSite: 'lax' });
    this.opened.set(session, [...(this.opened.get(session) ?? []), opened]);
    return session;
  };

  readonly current: SessionOpener['current'] = async (request: Request) => {
    const session = /(?:^|;\s*)session=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1];
    return session !== undefined && this.opened.has(session) ? session : null;
  };

  readonly close: SessionOpener['close'] = async (session, connection) => {
    const left = (this.opened.get(session) ?? []).filter((one) => one.connection !== connection);
    if (left.length === 0) this.opened.delete(session);
    else this.opened.set(session, left);
  };

  /** Pages that show who is there. */
  router(): Router {
    const router = Router();
    router.get(['/', '/pages/:name'], async (request, response) => {
      const session = await this.current(request);
      const here = session === null ? [] : (this.opened.get(session) ?? []);
      response.send(
        `${request.path}: ${here.map((one) => `${one.account} in ${one.organization}`).join(', ') || 'nobody'}`,
      );
    });
    return router;
  }
}
