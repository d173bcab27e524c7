/** Serves the OpenAPI document as JSON and HTML. */
import type { GuideSummary } from '../../worker/messages.ts';
import { type RawCall, type Route, route } from '../http/route.ts';
import { DOCS_POLICY, docsPage } from './docs-page.ts';
import { openApiOf } from './openapi.ts';

interface Written {
  readonly guides: readonly GuideSummary[] | undefined;
  readonly json: string;
  readonly page: string;
}

/** Path prefixes with a cached document; trusted proxies send only a few. */
const MAX_PREFIXES = 16;

/** @param routes all routes, including these */
export function documentationRoutes(routes: () => readonly Route[]): Route[] {
  const written = new Map<string, Written>();
  // Cached per set of guides: building it takes long enough to delay other requests.
  const current = ({ services, place: { prefix } }: RawCall): Written => {
    const guides = services.pool.info?.guides;
    const known = written.get(prefix);
    if (known?.guides === guides && known) return known;
    const document = openApiOf(routes(), { version: services.version, guides: guides ?? [], prefix });
    const made = { guides, json: JSON.stringify(document), page: docsPage(document) };
    if (written.size >= MAX_PREFIXES) written.clear();
    written.set(prefix, made);
    return made;
  };
  const open = { method: 'get', tag: 'operations', isOpen: true } as const;
  return [
    route({
      ...open,
      path: '/openapi.json',
      summary: 'This document',
      answers: { 200: { description: 'OpenAPI 3.1.', types: ['application/json'] } },
      handle(call) {
        call.response.setHeader('Content-Type', 'application/json; charset=utf-8');
        call.response.end(current(call).json);
      },
    }),
    route({
      ...open,
      path: '/docs',
      summary: 'This document, to read',
      answers: { 200: { description: 'A page.', types: ['text/html'] } },
      handle(call) {
        const { response } = call;
        response.setHeader('Content-Security-Policy', DOCS_POLICY);
        response.setHeader('Content-Type', 'text/html; charset=utf-8');
        response.end(current(call).page);
      },
    }),
  ];
}
