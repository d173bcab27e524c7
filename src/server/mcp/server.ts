/** Speaks the Model Context Protocol: the official SDK's server, with the tools. */
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
/** What of a caller the transport knows. */
export type Transported = Omit<ToolCaller, 'tell' | 'wantsPreviews'>;

/** In the `_meta` of a call: whether progress is to come with previews; and of progress: the preview. */
const PREVIEWS = 'kandid/previews';
const PREVIEW = 'kandid/preview';
/** Of a result that is an error: its code and details. */
const ERROR = 'kandid/error';

const INSTRUCTIONS =
  'Kandid makes small pictures (avatars, digits: see models) and steers them by words and other guides. Call models for what can be drawn, guides for other wishes than words. Each answer has the codes of its pictures, which vary takes.';

/** @param callerOf who calls, by what the transport knows of a request; it may wait until tools can be run */
export function createMcpServer(
  services: Services,
  callerOf: (extra: Extra) => Transported | Promise<Transported>,
): Server {
  const about = { name: 'kandid', title: 'Kandid', version: services.version };
  const server = new Server(about, { capabilities: { tools: {} }, instructions: INSTRUCTIONS });
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: tools.map(({ run: _, ...told }) => ({ ...told })),
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

function withProgress(caller: Transported, { _meta = {}, sendNotification }: Extra): ToolCaller {
  const { progressToken } = _meta;
  if (progressToken === undefined) return { ...caller, tell: null, wantsPreviews: false };
  return {
    ...caller,
    wantsPreviews: _meta[PREVIEWS] === true,
    async tell(progress, preview) {
      const shown = preview ? { _meta: { [PREVIEW]: contentOf(preview) } } : {};
      await sendNotification({ method: 'notifications/progress', params: { progressToken, ...progress, ...shown } });
    },
  };
}

function contentOf({ bytes, mime }: JobPreview) {
  return { type: 'image', data: Buffer.from(bytes).toString('base64'), mimeType: mime };
}

/** An error as a result, so that models read it and mend what they asked. */
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
