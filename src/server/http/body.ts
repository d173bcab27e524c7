/** Reads request bodies, up to a size limit. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { KandidError } from '../../errors.ts';
import { JsonProblem, REQUEST_JSON } from '../../kit/json.ts';
import { parseJsonWithPictures } from '../../kit/json-pictures.ts';

/** A body with its HTTP headers. */
export type BodySource = Readable & { readonly headers: IncomingHttpHeaders };

/** The media type without parameters, in lower case. */
export function contentType(request: Pick<IncomingMessage, 'headers'>): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** @throws {KandidError} body_too_large, body_invalid (cut short), type_unsupported (compressed) */
export function checkBody(request: Pick<IncomingMessage, 'headers'>, limit: number): void {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity')
    throw new KandidError('type_unsupported', { got: `compressed (${encoding.slice(0, 50)})`, expected: 'none of it' });
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
}

/** Sends 100 Continue to a client that expects it before it sends the body. */
export function withContinue(request: IncomingMessage, response: ServerResponse): IncomingMessage {
  if (/100-continue/i.test(request.headers.expect ?? '')) response.writeContinue();
  return request;
}

export function tooLarge(limit: number, what = 'it'): KandidError {
  return new KandidError('body_too_large', { what, limit: `${limit} bytes` });
}

export function cutShort(): KandidError {
  return new KandidError('body_invalid', { problem: 'it was cut short' });
}

/** @throws {KandidError} body_too_large, body_invalid, type_unsupported */
export function readBody(request: BodySource, limit: number): Promise<Buffer> {
  checkBody(request, limit);
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let length = 0;
    const onData = (part: Buffer) => {
      length += part.length;
      if (length <= limit) parts.push(part);
      else settle(() => reject(tooLarge(limit)));
    };
    const onEnd = () => settle(() => resolve(Buffer.concat(parts)));
    const onBroken = () => settle(() => reject(cutShort()));
    const settle = (how: () => void) => {
      request.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken);
      request.on('error', () => {});
      how();
    };
    request.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onBroken);
  });
}

/**
 * Parses JSON; long strings in it are returned as bytes, since only pictures are that long.
 *
 * @throws {KandidError} body_too_large, body_invalid, type_unsupported
 */
export async function readJson(request: BodySource, limit: number): Promise<unknown> {
  const bytes = await readBody(request, limit);
  try {
    return await parseJsonWithPictures(bytes, REQUEST_JSON);
  } catch (thrown) {
    if (!(thrown instanceof JsonProblem)) throw thrown;
    throw new KandidError('body_invalid', { problem: thrown.message }, { cause: thrown });
  }
}
