// The listening server, and its end: what is under way is answered, what idles is closed, and nothing waits for ever.
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import { RollcallError } from '../errors.ts';

/** How long requests under way may take once the server is to stop. */
const GRACE_MS = 10_000;

/** Slow senders hold a connection no longer than this. */
const REQUEST_MS = 60_000;
const HEADERS_MS = 15_000;

/** A SCIM filter stands in the address: too long a one is refused by the door, with a reason, not by Node. */
const HEADER_BYTES = 256 * 1024;

export interface Listening {
  /** As a browser writes it: `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/**
 * @param port 0 for any free one.
 * @throws RollcallError `config_invalid` when the address can't be listened on.
 */
export async function listen(app: Express, host: string, port: number): Promise<Listening> {
  const server = createServer(
    { requestTimeout: REQUEST_MS, headersTimeout: HEADERS_MS, maxHeaderSize: HEADER_BYTES },
    app,
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'another process listens there' : error.message;
      reject(new RollcallError('config_invalid', `server: cannot listen on ${host} port ${port}: ${why}`));
    });
    server.listen(port, host, resolve);
  });
  const { address, family, port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    stop: async () => close(server),
  };
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), GRACE_MS);
  await closed;
  clearTimeout(cut);
}
