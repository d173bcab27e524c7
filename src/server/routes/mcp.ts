/** The Model Context Protocol over HTTP (streamable HTTP, with sessions). */
import { z } from 'zod';
import { type Answer, type RawCall, type Route, route } from '../http/route.ts';

const message = z
  .looseObject({
    jsonrpc: z.literal('2.0'),
    id: z.union([z.string(), z.number()]).optional(),
    method: z.string().optional(),
    params: z.looseObject({}).optional(),
  })
  .describe('A JSON-RPC message: a request, a notification or a response.');

const rpcError = z.looseObject({ error: z.looseObject({ code: z.int(), message: z.string() }) });
const refused: Answer = {
  description: 'The request violates the protocol.',
  schema: rpcError,
  types: ['application/problem+json'],
};
const REFUSED: Readonly<Record<number, Answer>> = { 400: refused, 404: refused, 406: refused, 415: refused };

/** The SDK is loaded on first use. */
async function answerMessage(call: RawCall, body?: unknown): Promise<void> {
  const http = await import('../mcp/http.ts');
  await http.answerMessage(call, body);
}

export const mcpRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/mcp',
    tag: 'mcp',
    summary: 'Model Context Protocol: tools generate, edit, upscale, vary, info, models, guides',
    description:
      'Streamable HTTP. initialize starts a session, identified by Mcp-Session-Id from then on; a session idle for half an hour may be closed.',
    body: message,
    takesPictures: true,
    answers: {
      200: { description: 'Events, each a message.', types: ['text/event-stream'] },
      202: { description: 'A notification or response was accepted.' },
      ...REFUSED,
    },
    handle: (call) => answerMessage(call, call.body),
  }),
  route({
    method: 'delete',
    path: '/mcp',
    tag: 'mcp',
    summary: 'Ends a session',
    description: 'Of the Model Context Protocol; its running calls are cancelled.',
    answers: { 200: { description: 'The session is closed.' }, ...REFUSED },
    handle: (call) => answerMessage(call),
  }),
];
