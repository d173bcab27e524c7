/** Sessions over streamable HTTP, with the SDK's transport. */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as WebStream } from 'node:stream/web';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import { KandidError } from '../../errors.ts';
import type { RawCall } from '../http/route.ts';
import { createMcpServer, type Extra, type TransportCaller } from './server.ts';
import type { McpSession } from './sessions.ts';

const SESSION = 'mcp-session-id';

/**
 * Lets the SDK handle a request whose body was already read; resolves when the response is sent or the caller is gone.
 *
 * @throws {KandidError} params_invalid, session_unknown, sockets_full
 */
export async function answerMessage(call: RawCall, parsedBody?: unknown): Promise<void> {
  const { transport } = isInitializeRequest(parsedBody) ? await begun(call) : sessionOf(call);
  const { request, response, client } = call;
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) headers.set(name, [value ?? ''].flat().join(', '));
  const authInfo = { token: '', clientId: client.name, scopes: [], extra: { call } };
  const method = request.method ?? 'POST';
  const asked = new Request(new URL(request.url ?? '', 'http://localhost'), { method, headers });
  const answer = await transport.handleRequest(asked, { parsedBody, authInfo });
  response.statusCode = answer.status;
  for (const [name, value] of answer.headers) response.setHeader(name, value);
  response.setHeader('X-Accel-Buffering', 'no');
  if (!answer.body) {
    response.end();
    return;
  }
  response.flushHeaders();
  // When the client disconnects, the stream ends, and with it the tool call.
  await pipeline(Readable.fromWeb(answer.body as WebStream), response).catch(() => {});
}

/** Starts a session with this request. @throws {KandidError} sockets_full */
async function begun({ services, client }: RawCall): Promise<McpSession> {
  const { mcpSessions } = services;
  await mcpSessions.admit(client.name);
  const server = createMcpServer(services, callerOf);
  const transport = new WebStandardStreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => mcpSessions.add(id, session),
    onsessionclosed: (id) => mcpSessions.end(id),
  });
  const session: McpSession = { client: client.name, transport, close: () => server.close() };
  await server.connect(transport);
  return session;
}

/** @throws {KandidError} params_invalid, session_unknown */
function sessionOf({ services, request, client }: RawCall): McpSession {
  const id = request.headers[SESSION];
  if (typeof id === 'string') return services.mcpSessions.find(id, client.name);
  const problem = 'it is missing; expected that of a session, which the request initialize begins';
  throw new KandidError('params_invalid', { subject: 'The headers', field: 'Mcp-Session-Id', problem });
}

function callerOf({ authInfo, signal }: Extra): TransportCaller {
  const { call } = (authInfo?.extra ?? {}) as { readonly call: RawCall };
  const { client, place, response, releaseBody } = call;
  const gone = new AbortController();
  const leave = () => gone.abort();
  if (response.closed) leave();
  else response.once('close', leave);
  return { client, place, releaseBody, readFile: null, signal: AbortSignal.any([signal, gone.signal]) };
}
