/** A client's messages as work. */

import { pathIn, pictureBytes } from '../../contract/fields.ts';
import type { ClientMessage } from '../../contract/stream.ts';
import { KandidError } from '../../errors.ts';
import type { Work } from '../../worker/messages.ts';

export type Generate = Extract<ClientMessage, { type: 'generate' }>;

/** @throws {KandidError} message_invalid */
export function workOf({
  type: _,
  previews,
  format,
  quality,
  size,
  condition,
  ...request
}: Omit<Generate, 'id'>): Work {
  for (const [i, { params }] of request.guides.entries()) {
    const field = pathIn(params);
    if (field === null) continue;
    const problem = 'expected a name, not a path';
    throw new KandidError('message_invalid', { field: `guides.${i}.params.${field}`, problem });
  }
  const picture = condition === undefined ? undefined : pictureBytes(condition);
  if (typeof picture === 'string') throw new KandidError('message_invalid', { field: 'condition', problem: picture });
  const output = { format, quality, size };
  return { kind: 'generate', request: { ...request, condition: picture }, output, previews, person: true };
}

/** Of a message that may be wrong otherwise. */
export function idIn(data: string | null): string | undefined {
  return /^\s*\{.*?"id"\s*:\s*"([\w.:-]{1,64})"/s.exec((data ?? '').slice(0, 1000))?.[1];
}
