/** Translates client messages into work. */

import { pathIn, pictureBytes } from '../../contract/fields.ts';
import { type ClientMessage, outputOf } from '../../contract/stream.ts';
import { KandidError } from '../../errors.ts';
import { JsonProblem, REQUEST_JSON } from '../../kit/json.ts';
import { parseJsonWithPictures } from '../../kit/json-pictures.ts';
import type { Work } from '../../worker/messages.ts';

/** Bytes of a message that are searched for its id. */
const BEGINNING = 1000;

export type Generate = Extract<ClientMessage, { type: 'generate' }>;

/** Parses a message without checking it against a schema. @throws {KandidError} message_invalid */
export async function readMessage(data: Buffer): Promise<unknown> {
  try {
    return await parseJsonWithPictures(data, REQUEST_JSON);
  } catch (thrown) {
    if (!(thrown instanceof JsonProblem)) throw thrown;
    throw new KandidError('message_invalid', { field: '(all)', problem: thrown.message }, { cause: thrown });
  }
}

/** @throws {KandidError} message_invalid, params_invalid */
export function workOf({
  type: _,
  previews,
  format,
  quality,
  size,
  animation,
  condition,
  ...request
}: Omit<Generate, 'id'>): Work {
  for (const [i, { params }] of request.guides.entries()) {
    const field = pathIn(params);
    if (field === null) continue;
    const problem = 'expected a name, not a path';
    throw new KandidError('message_invalid', { field: `guides.${i}.params.${field}`, problem });
  }
  const picture = typeof condition === 'string' ? pictureBytes(condition) : condition;
  if (typeof picture === 'string') throw new KandidError('message_invalid', { field: 'condition', problem: picture });
  const output = outputOf({ format, quality, size, animation });
  return { kind: 'generate', request: { ...request, condition: picture }, output, previews, person: true };
}

/** The id of a message that may be invalid otherwise. */
export function idIn(data: Buffer | null): string | undefined {
  return /^\s*\{.*?"id"\s*:\s*"([\w.:-]{1,64})"/s.exec(data?.toString('latin1', 0, BEGINNING) ?? '')?.[1];
}
