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
  .describe('A message of JSON-RPC: a request, a notification or a response.');

const rpcError = z.looseObject({ error: z.looseObject({ code: z.int(), message: z.string() }) });
const refused: Answer = {
  description: 'Not as the protocol has it.',
  schema: rpcError,
  types: ['application/problem+json'],
};
const REFUSED: Readonly<Record<number, Answer>> = { 400: refused, 404: refused, 406: refused, 415: refused };

/** The SDK is loaded for those who use it. */
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
      'Streamable HTTP. initialize begins a session, which Mcp-Session-Id names from then on; one that nobody uses for half an hour may end.',
    body: message,
    takesPictures: true,
    answers: {
      200: { description: 'Events, each a message.', types: ['text/event-stream'] },
      202: { description: 'A notification or response was taken.' },
      ...REFUSED,
    },
    handle: (call) => answerMessage(call, call.body),
  }),
  route({
    method: 'delete',
    path: '/mcp',
    tag: 'mcp',
    summary: 'Ends a session',
    description: 'Of the Model Context Protocol; what runs in it is cancelled.',
    answers: { 200: { description: 'It is ended.' }, ...REFUSED },
    handle: (call) => answerMessage(call),
  }),
];
