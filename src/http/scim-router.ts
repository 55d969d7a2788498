// The SCIM door: `/scim/v2`. Every request takes the same steps: who asks, may they now, what did they send, what is
// done, what is answered; and each is written down with what it caused.
import express from 'express';
import type { ErrorRequestHandler, Request, Response, Router } from 'express';
import { resourceTypes, schemas, serviceProviderConfig } from '../scim/discovery.ts';
import type { Json, JsonObject } from '../scim/json.ts';
import { RESOURCE_TYPES } from '../scim/resource-type.ts';
import { ScimError, shown } from '../scim/scim-error.ts';
import type { Sync } from '../sync/context.ts';
import { RateLimit } from './rate-limit.ts';
import type { Answer } from './scim-answer.ts';
import { answer, errorAnswer, listBody, send } from './scim-answer.ts';
import { authenticate } from './scim-auth.ts';
import { readJson } from './scim-body.ts';
import { ScimActs } from './scim-act.ts';
import { bulk } from './scim-bulk.ts';
import type { Caller, ScimDoor, ScimLimits } from './scim-door.ts';
import { SCIM_LIMITS } from './scim-door.ts';
import type { Handler } from './scim-handlers.ts';
import { handlersOf, searchOf } from './scim-handlers.ts';
import { ScimLog } from './scim-log.ts';
import { searchEverything } from './scim-search.ts';
import { PageMemory } from './scim-pages.ts';

export interface ScimRouterOptions {
  readonly sync: Sync;
  /** The server's public address, without a slash at its end; locations begin with it, whatever a request says. */
  readonly publicUrl: string;
  readonly limits?: Partial<ScimLimits>;
  /** How long requests are kept in the log; 30 days unless stated. */
  readonly keepRequestsMs?: number;
  /** Is told of what nobody foresaw. */
  readonly report: (error: unknown) => void;
}

export interface ScimRouter {
  readonly router: Router;
  /** Writes what the log still holds. */
  readonly close: () => Promise<void>;
}

const THIRTY_DAYS_MS = 30 * 86_400_000;

/** To be mounted at `/scim/v2`. */
export function scimRouter(options: ScimRouterOptions): ScimRouter {
  const { sync, report } = options;
  const limits = { ...SCIM_LIMITS, ...options.limits };
  const door: ScimDoor = { sync, base: `${options.publicUrl}/scim/v2`, limits };
  const log = new ScimLog(sync.db, { now: sync.now, keepMs: options.keepRequestsMs ?? THIRTY_DAYS_MS, report });
  const steps = { door, log, report, rate: new RateLimit(limits.requestsPerSecond) };
  const router = express.Router();

  const route = (path: string, handlers: Readonly<Partial<Record<Method, Handler>>>): void => {
    const there = router.route(path);
    for (const [method, handler] of Object.entries(handlers)) {
      there[method as Method]((request, response) => run(steps, request, response, handler));
    }
    const allow = Object.keys(handlers).join(', ').toUpperCase();
    there.all((request, response) => run(steps, request, response, new NotAllowed(request.method, allow)));
  };

  const acts = new ScimActs(door);
  const pages = new PageMemory();
  for (const type of RESOURCE_TYPES) {
    const { list, search, create, read, replace, patch, remove } = handlersOf(type, acts, pages);
    route(`${type.endpoint}/.search`, { post: search });
    route(type.endpoint, { get: list, post: create });
    route(`${type.endpoint}/:id`, { get: read, put: replace, patch, delete: remove });
  }
  route('/', { get: (_door, { caller, query }) => searchEverything(door, caller, query) });
  route('/.search', { post: (_door, { caller, body }) => searchEverything(door, caller, searchOf(body)) });
  route('/Bulk', { post: (_door, { caller, body }) => bulk(door, acts, caller, body) });
  const fixed = { ServiceProviderConfig: serviceProviderConfig(door.base, limits) };
  route('/ServiceProviderConfig', { get: () => Promise.resolve(answer(200, fixed.ServiceProviderConfig)) });
  described(route, '/ResourceTypes', resourceTypes(door.base));
  described(route, '/Schemas', schemas(door.base));
  router.all('/Me', (request, response) => run(steps, request, response, noMe()));
  router.use((request, response) => run(steps, request, response, nothingAt(request.path)));
  // Express looks at the address before any handler does.
  const unreadable = new ScimError(400, 'invalidSyntax', 'the address has a broken percent sign: write it as %25');
  router.use(((_error, request, response, _next) =>
    run(steps, request, response, unreadable)) satisfies ErrorRequestHandler);
  return { router, close: () => log.flush() };
}

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
type Route = (path: string, handlers: Readonly<Partial<Record<Method, Handler>>>) => void;

/** A list of fixed descriptions, and each by its id. */
function described(route: Route, path: string, list: readonly JsonObject[]): void {
  route(path, {
    get: (_door, { query }) => {
      // RFC 7644 section 4: these can't be filtered, and who tries must not read the whole as the answer.
      if (Object.keys(query).some((key) => key.toLowerCase() === 'filter')) {
        throw new ScimError(403, null, `${path} can't be filtered: read it whole, or one by its id`);
      }
      return Promise.resolve(answer(200, listBody(list, { startIndex: 1 })));
    },
  });
  route(`${path}/:id`, {
    get: (_door, { id }) => {
      const one = list.find(
        (entry) => typeof entry['id'] === 'string' && entry['id'].toLowerCase() === id.toLowerCase(),
      );
      if (one === undefined) throw nothingAt(`${path}/${id}`);
      return Promise.resolve(answer(200, one));
    },
  });
}

interface Steps {
  readonly door: ScimDoor;
  readonly log: ScimLog;
  readonly rate: RateLimit;
  readonly report: (error: unknown) => void;
}

/** @param handler or why there is none: no body makes a difference to that, and none is read. */
async function run(steps: Steps, request: Request, response: Response, handler: Handler | ScimError): Promise<void> {
  const { door, log, rate, report } = steps;
  const startedAt = performance.now();
  let caller: Caller | null = null;
  let body: Json = null;
  let outcome: Answer;
  try {
    caller = await authenticate(door.sync, request);
    if (!rate.take(caller.connection)) {
      throw new ScimError(429, null, `more than ${door.limits.requestsPerSecond} requests a second: wait a second`);
    }
    if (handler instanceof ScimError) throw handler;
    if (hasBody(request)) body = await readJson(request, door.limits.bodyBytes);
    outcome = await handler(door, {
      caller,
      id: idOf(request),
      query: parametersOf(request),
      body,
      ifMatch: request.headers['if-match'] ?? null,
      ifNoneMatch: request.headers['if-none-match'] ?? null,
    });
  } catch (error) {
    if (!(error instanceof ScimError)) report(error);
    outcome = errorAnswer(error, headersFor(error, request));
  }
  send(response, outcome);
  // Whoever still sends would be cut off, and never read why, were the rest of the body left unread.
  request.resume();
  if (caller === null) return;
  log.add({
    ...caller,
    at: door.sync.now(),
    tookMs: Math.round(performance.now() - startedAt),
    method: request.method,
    path: request.url,
    request: body,
    status: outcome.status,
    answer: outcome.body,
    run: outcome.plan?.run ?? null,
    plan: outcome.plan?.id ?? null,
  });
}

/** A NUL stands in no id, and a database can't be asked for one. */
function idOf({ params: { id } }: Request): string {
  return typeof id === 'string' && !id.includes('\0') ? id : '';
}

function hasBody({ method }: Request): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH';
}

/** The query string, read once: a name given twice is a list, which no parameter is. */
function parametersOf({ url }: Request): Record<string, string | string[]> {
  const start = url.indexOf('?');
  const searchParams = new URLSearchParams(start < 0 ? '' : url.slice(start + 1));
  const names = [...new Set(searchParams.keys())];
  return Object.fromEntries(
    names.map((name) => {
      const values = searchParams.getAll(name);
      return [name, values.length === 1 ? (values[0] ?? '') : values];
    }),
  );
}

function headersFor(error: unknown, { headers }: Request): Record<string, string> {
  if (!(error instanceof ScimError)) return {};
  switch (error.status) {
    case 401: {
      // RFC 6750 section 3.1: who sent no token at all is told of no error.
      const wrong = /^Bearer /i.test(headers.authorization ?? '') ? ', error="invalid_token"' : '';
      return { 'WWW-Authenticate': `Bearer realm="scim"${wrong}` };
    }
    case 429:
      return { 'Retry-After': '1' };
    default:
      return error instanceof NotAllowed ? { Allow: error.allow } : {};
  }
}

class NotAllowed extends ScimError {
  readonly allow: string;

  constructor(method: string, allow: string) {
    super(405, null, `${method} is not possible here: ${allow}`);
    this.allow = allow;
  }
}

function noMe(): ScimError {
  return new ScimError(501, null, 'a token stands for a connection and not for a person, so there is no /Me');
}

function nothingAt(path: string): ScimError {
  return new ScimError(404, null, `there is nothing at ${shown(path)}: /ResourceTypes lists what there is`);
}
