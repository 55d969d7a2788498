// The peer as a process of its own: Ory Polis' directory sync behind the thinnest server. Started by scim-peer.ts as
// `node scim-peer-server.ts FOLDER DB`, where FOLDER has the package and DB is its `db` option as JSON.
import type { AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import express from 'express';

interface Answered {
  readonly status: number;
  readonly data: unknown;
}

interface DirectorySync {
  readonly directories: {
    create(directory: object): Promise<{ data: { id: string; scim: { secret: string } } | null; error: unknown }>;
  };
  readonly requests: { handle(request: object, callback: () => Promise<void>): Promise<Answered> };
}

interface Jackson {
  controllers(options: object): Promise<{ readonly directorySyncController: DirectorySync }>;
}

const [folder = '', db = '{}'] = process.argv.slice(2);
const jackson = createRequire(join(folder, 'package.json'))('@boxyhq/saml-jackson') as Jackson;
const { directorySyncController } = await jackson.controllers({
  externalUrl: 'http://localhost',
  samlPath: '/saml',
  scimPath: '/scim/v2.0',
  db: JSON.parse(db) as object,
  noAnalytics: true,
  logger: { info: () => undefined, warn: () => undefined, error: console.error },
});
const { data: directory, error } = await directorySyncController.directories.create({
  name: 'bench',
  tenant: 'bench',
  product: 'bench',
  type: 'generic-scim-v2',
});
if (directory === null) throw new Error(JSON.stringify(error));

const app = express();
app.use(express.json({ type: ['application/json', 'application/scim+json'], limit: '10mb' }));
app.all(['/:type', '/:type/:id'], async (request, response) => {
  const { status, data } = await directorySyncController.requests.handle(
    {
      method: request.method,
      body: request.body as unknown,
      directoryId: directory.id,
      resourceType: request.params['type'],
      resourceId: request.params['id'],
      apiSecret: request.headers.authorization?.slice('Bearer '.length),
      query: request.query,
    },
    // An application that takes the events itself: nothing is sent on.
    async () => undefined,
  );
  response.status(status).json(data);
});
const server = app.listen(0, '127.0.0.1', () => {
  console.log(`listening ${(server.address() as AddressInfo).port} ${directory.scim.secret}`);
});
// A client that waits for a slow answer to another of its calls is not sent away.
server.keepAliveTimeout = 0;
