/** The HTTP application: all routes, behind access checks, limits and error handling. */
import { randomUUID } from 'node:crypto';
import express, { type Express, type Request, type Response } from 'express';
import { KandidError, toKandidError } from '../errors.ts';
import { type Access, anonymous, type Client } from './http/access.ts';
import { setHeaders } from './http/headers.ts';
import type { Place } from './http/places.ts';
import { sendError } from './http/problems.ts';
import type { Route } from './http/route.ts';
import { isSigned } from './http/signed-links.ts';
import { documentationRoutes } from './routes/documentation.ts';
import { pictureRoutes } from './routes/generate.ts';
import { imageRoutes } from './routes/images.ts';
import { jobRoutes } from './routes/jobs.ts';
import { mcpRoutes } from './routes/mcp.ts';
import { modelRoutes } from './routes/models.ts';
import { openAiRoutes } from './routes/openai.ts';
import { operationRoutes } from './routes/operations.ts';
import { pageRoutes } from './routes/page.ts';
import { sdapiRoutes } from './sdapi/routes.ts';
import type { Services } from './services.ts';

export const allRoutes: readonly Route[] = [
  ...[...pictureRoutes, ...modelRoutes, ...imageRoutes, ...openAiRoutes, ...jobRoutes, ...operationRoutes],
  ...[...mcpRoutes, ...sdapiRoutes],
  ...documentationRoutes(() => allRoutes),
];

/** Request state set before routing. */
interface RequestState {
  readonly id: string;
  readonly route: Route | null;
  readonly place: Place;
}

export function createApp(
  services: Services,
  access: Access,
  routes: readonly Route[] = [...allRoutes, ...pageRoutes()],
): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('case sensitive routing', true);
  app.use((request, response, next) => {
    begin(services, access, request, response);
    access.hosts.check(request.headers.host);
    if (request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined) {
      response.statusCode = 204;
      response.end();
    } else if (!isRedirected(services, request, response)) next();
  });
  for (const route of routes) {
    const path = route.path.replace(/\{(\w+)\}/g, ':$1');
    app[route.method](path, (request, response) => enter(services, access, route, request, response));
  }
  app.use((request: Request, response: Response) => {
    answerError(services, request, response, unknownRoute(routes, request));
  });
  // Errors of express itself, such as a malformed address.
  app.use((error: unknown, request: Request, response: Response, _next: express.NextFunction) => {
    const status = typeof error === 'object' && error !== null && 'status' in error ? Number(error.status) : 500;
    const bad = new KandidError('params_invalid', {
      subject: 'The address',
      field: 'path',
      problem: 'it is not well formed',
    });
    answerError(services, request, response, status < 500 && !(error instanceof KandidError) ? bad : error);
  });
  return app;
}

function begin(services: Services, access: Access, request: Request, response: Response): void {
  const given = request.headers['x-request-id'];
  const id = typeof given === 'string' && /^[\w.:-]{1,64}$/.test(given) ? given : randomUUID();
  const state: RequestState = { id, route: null, place: services.places.of(request) };
  response.locals.state = state;
  setHeaders(access, request, response, id);
  const from = services.clock.now();
  response.once('close', () => {
    const { route } = response.locals.state as RequestState;
    const seconds = (services.clock.now() - from) / 1000;
    const labels = { route: route?.path ?? 'none', method: request.method, status: String(response.statusCode) };
    services.metrics.requests.observe(labels, seconds);
    if (route?.isOpen || route?.isQuiet) return;
    services.log.info(
      { request: id, ...labels, path: request.path.slice(0, 200), ms: Math.round(seconds * 1000) },
      'request',
    );
  });
}

/** Strips a prefix that the proxy left in place; the bare prefix redirects to the page, whose files are below it. */
function isRedirected({ places }: Services, request: Request, response: Response): boolean {
  const { place } = response.locals.state as RequestState;
  const path = places.path(request.url, place);
  request.url = path ?? request.url;
  if (path !== null) return false;
  response.statusCode = 308;
  response.setHeader('Location', `${place.prefix}/`);
  response.end();
  return true;
}

async function enter(
  services: Services,
  access: Access,
  route: Route,
  request: Request,
  response: Response,
): Promise<void> {
  const { id, place } = response.locals.state as RequestState;
  response.locals.state = { id, route, place } satisfies RequestState;
  try {
    access.checkOrigin(request.headers.origin, place.host);
    access.checkSite(request, route.isEmbeddable ?? false);
    const client = clientOf(services, access, route, request);
    const admit = () => access.admit(client);
    if (!route.isOpen && !route.admitsItself) await admit();
    // The client may have disconnected while a remote rate limit was being checked.
    if (response.closed) return;
    const search = new URL(request.url, 'http://localhost').searchParams;
    const params = Object.fromEntries(Object.entries(request.params).map(([name, value]) => [name, String(value)]));
    await route.run({
      services,
      request,
      response,
      id,
      client,
      params,
      search,
      place,
      admit,
      releaseBody: () => {},
    });
  } catch (thrown) {
    answerError(services, request, response, thrown);
  }
}

/** @throws {KandidError} key_*, link_* */
function clientOf({ places, signedLinks }: Services, access: Access, route: Route, request: Request): Client {
  const { authorization } = request.headers;
  const address = places.address(request);
  if (route.isOpen) return { name: 'anybody', key: null };
  if (route.isSigned && authorization === undefined) {
    if (!signedLinks.areNeeded) return anonymous(address);
    if (!isSigned(request.url)) return access.identify({ authorization, address });
    signedLinks.check(request.url);
    return anonymous(address);
  }
  return access.identify({ authorization, address });
}

function answerError(services: Services, request: Request, response: Response, thrown: unknown): void {
  const { id, route } = response.locals.state as RequestState;
  const error = toKandidError(thrown);
  if (error.status >= 500)
    services.log.error({ request: id, code: error.code, err: error.cause ?? error }, error.message);
  if (response.headersSent || response.closed) {
    response.destroy();
    return;
  }
  for (const name of ['ETag', 'Cache-Control', 'Content-Type']) response.removeHeader(name);
  // Do not wait for the rest of the body.
  if (!request.complete) response.setHeader('Connection', 'close');
  request.resume();
  sendError(response, error, route?.dialect ?? dialectOf(request.path), id);
}

/** OpenAI clients get errors in OpenAI's format even for routes that do not exist. */
function dialectOf(path: string): 'openai' | 'problem' {
  return /^\/v1\/(images\/(generations|edits|variations)|chat|completions|embeddings)\b/.test(path)
    ? 'openai'
    : 'problem';
}

function unknownRoute(routes: readonly Route[], request: Request): KandidError {
  const path = request.path.slice(0, 200);
  const here = routes
    .filter((route) => pattern(route.path).test(request.path))
    .map(({ method }) => method.toUpperCase());
  if (here.length === 0) return new KandidError('route_unknown', { path });
  return new KandidError('method_refused', { path, method: request.method, allowed: [...new Set(here)].join(', ') });
}

function pattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}/?$`);
}
