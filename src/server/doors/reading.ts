/** What the doors are, told to machines and to people. */

import { sendJson } from '../answering.ts';
import { DOCS_POLICY, docsPage } from '../docs.ts';
import { type Door, door, type RawCall } from '../http/door.ts';
import { openApiOf } from '../openapi.ts';

/** @param doors all of them, these too */
export function readingDoors(doors: () => readonly Door[]): Door[] {
  const document = ({ services }: RawCall) =>
    openApiOf(doors(), { version: services.version, guides: services.pool.info?.guides ?? [] });
  const open = { method: 'get', tag: 'operations', isOpen: true } as const;
  return [
    door({
      ...{ ...open, path: '/openapi.json', summary: 'This document' },
      answers: { 200: { description: 'OpenAPI 3.1.', types: ['application/json'] } },
      handle: (call) => sendJson(call, document(call)),
    }),
    door({
      ...{ ...open, path: '/docs', summary: 'This document, to read' },
      answers: { 200: { description: 'A page.', types: ['text/html'] } },
      handle(call) {
        const { response } = call;
        response.setHeader('Content-Security-Policy', DOCS_POLICY);
        response.setHeader('Content-Type', 'text/html; charset=utf-8');
        response.end(docsPage(document(call)));
      },
    }),
  ];
}
