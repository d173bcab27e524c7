/** Reads forms with files (multipart/form-data), with a limit on every part. */
import { Busboy } from '@fastify/busboy';
import { KandidError, reasonOf } from '../../errors.ts';
import { REQUEST_JSON } from '../../kit/json.ts';
import { type BodySource, checkBody, cutShort, tooLarge } from './body.ts';

/** One part of a form, in order of arrival; the value of a file is bytes. */
export interface FormPart {
  readonly name: string;
  readonly value: string | Uint8Array;
}

/** Total size of all fields that are not files, in bytes. */
const MAX_TEXT = REQUEST_JSON.bytes;
const LIMITS = { fieldNameSize: 100, fieldSize: 256 * 1024, fields: 64, files: 20, parts: 80 };
const HEADER_LIMITS = { headerPairs: 20, headerSize: 8192 };

const REACHED: Readonly<Record<string, string>> = {
  partsLimit: `it has more than ${LIMITS.parts} parts`,
  filesLimit: `it has more than ${LIMITS.files} files`,
  fieldsLimit: `it has more than ${LIMITS.fields} fields`,
};

/** @throws {KandidError} body_too_large, body_invalid, type_unsupported */
export function readForm(request: BodySource, limit: number): Promise<FormPart[]> {
  checkBody(request, limit);
  const parser = parserOf(request, limit);
  return new Promise((resolve, reject) => {
    const parts: FormPart[] = [];
    let length = 0;
    let textLength = 0;
    const refuse = (error: KandidError) => settle(() => reject(error));
    const invalid = (problem: string) => refuse(new KandidError('body_invalid', { problem }));
    const onData = (bytes: Buffer) => {
      length += bytes.length;
      if (length > limit) refuse(tooLarge(limit));
    };
    const onBroken = () => refuse(cutShort());
    const settle = (how: () => void) => {
      request.unpipe(parser).off('data', onData).off('close', onBroken);
      request.on('error', () => {});
      how();
    };
    parser.on('field', (name, value, nameCut, valueCut) => {
      textLength += value.length;
      if (textLength > MAX_TEXT) refuse(tooLarge(MAX_TEXT, 'its text'));
      else if (!name || nameCut) invalid('a part has no name, or one that is too long');
      else if (valueCut) refuse(tooLarge(LIMITS.fieldSize, `field ${name}`));
      else parts.push({ name, value });
    });
    parser.on('file', (name, stream) => {
      const place = parts.length;
      const chunks: Buffer[] = [];
      if (!name) invalid('a part has no name');
      // Kept in order of their first byte; a file that is cut short is never read.
      else parts.push({ name, value: new Uint8Array() });
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('limit', () => refuse(tooLarge(limit, `file ${name}`)));
      stream.on('error', onBroken);
      stream.on('end', () => {
        if (name) parts[place] = { name, value: new Uint8Array(Buffer.concat(chunks)) };
      });
    });
    for (const [event, problem] of Object.entries(REACHED)) parser.on(event, () => invalid(problem));
    parser.on('error', (error) => invalid(reasonOf(error)));
    parser.on('finish', () => settle(() => resolve(parts)));
    request.on('data', onData).on('error', onBroken).on('close', onBroken);
    request.pipe(parser);
  });
}

function parserOf(request: BodySource, limit: number): InstanceType<typeof Busboy> {
  try {
    return new Busboy({
      headers: { ...request.headers, 'content-type': request.headers['content-type'] ?? '' },
      limits: { ...LIMITS, ...HEADER_LIMITS, fileSize: limit },
    });
  } catch (cause) {
    throw new KandidError('body_invalid', { problem: reasonOf(cause) }, { cause });
  }
}
