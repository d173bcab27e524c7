/** The Model Context Protocol server: the official SDK's server with the tools. */
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  ListToolsRequestSchema,
  type ServerNotification,
  type ServerRequest,
} from '@modelcontextprotocol/sdk/types.js';
import { KandidError, toKandidError } from '../../errors.ts';
import { nameHint } from '../../kit/nearest-names.ts';
import type { JobPreview } from '../../worker/messages.ts';
import type { Services } from '../services.ts';
import type { ToolCaller } from './perform.ts';
import { tools } from './tools.ts';

export type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;
/** The parts of a caller that the transport provides. */
export type TransportCaller = Omit<ToolCaller, 'report' | 'wantsPreviews'>;

/** Keys of `_meta`: in a call, whether progress should include previews; in progress, the preview. */
const PREVIEWS = 'kandid/previews';
const PREVIEW = 'kandid/preview';
/** Key of `_meta` in an error result: its code and details. */
const ERROR = 'kandid/error';

const INSTRUCTIONS =
  'Kandid generates small pictures (avatars, digits: see models), steered by words and other guides. Call models to see what can be drawn, guides for guides other than words. Each result contains the codes of its pictures, which vary accepts.';

/** @param callerOf identifies the caller of a request; may wait until tools can be run */
export function createMcpServer(
  services: Services,
  callerOf: (extra: Extra) => TransportCaller | Promise<TransportCaller>,
): Server {
  const about = { name: 'kandid', title: 'Kandid', version: services.version };
  const server = new Server(about, { capabilities: { tools: {} }, instructions: INSTRUCTIONS });
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: tools.map(({ run: _, ...description }) => ({ ...description })),
  }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra): Promise<CallToolResult> => {
    try {
      const { name, arguments: given } = params;
      const found = tools.find((tool) => tool.name === name);
      if (!found) throw unknownTool(name);
      return await found.run(given, { services, caller: withProgress(await callerOf(extra), extra) });
    } catch (thrown) {
      return failure(services, toKandidError(thrown));
    }
  });
  return server;
}

function withProgress(caller: TransportCaller, { _meta = {}, sendNotification }: Extra): ToolCaller {
  const { progressToken } = _meta;
  if (progressToken === undefined) return { ...caller, report: null, wantsPreviews: false };
  return {
    ...caller,
    wantsPreviews: _meta[PREVIEWS] === true,
    async report(progress, preview) {
      const shown = preview ? { _meta: { [PREVIEW]: contentOf(preview) } } : {};
      await sendNotification({ method: 'notifications/progress', params: { progressToken, ...progress, ...shown } });
    },
  };
}

function contentOf({ bytes, mime }: JobPreview) {
  return { type: 'image', data: Buffer.from(bytes).toString('base64'), mimeType: mime };
}

/** Errors are returned as results, so that a language model can read them and correct its request. */
function failure({ log }: Services, error: KandidError): CallToolResult {
  if (error.status >= 500) log.error({ code: error.code, err: error.cause ?? error }, error.message);
  const { code, message, details } = error.toJSON();
  return { isError: true, content: [{ type: 'text', text: message }], _meta: { [ERROR]: { code, details } } };
}

function unknownTool(name: string): KandidError {
  const hint = nameHint(
    name,
    tools.map((tool) => tool.name),
  );
  const problem = `there is no tool "${name.slice(0, 100)}". ${hint}`.replace(/\.$/, '');
  return new KandidError('params_invalid', { subject: 'The call', field: 'name', problem });
}
