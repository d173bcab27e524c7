/** Parameter types that several guides share. */
import { z } from 'zod';
import type { Preferences } from '../../src/guide.ts';

/** Longest picture accepted as a parameter, in bytes. */
const MAX_PICTURE_BYTES = 32 * 2 ** 20;

const DATA_URL = /^data:[\w.+-]+\/[\w.+-]+(?:;[\w=.+-]+)*;base64,/;
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

function isPictureInput(value: unknown): value is Uint8Array | string {
  return value instanceof Uint8Array || typeof value === 'string';
}

/** Bytes of a base64 text or data URL; an error message if it is neither. */
function decodeText(text: string): Uint8Array | string {
  if (/^https?:/i.test(text)) return 'is an address; send the bytes of the picture itself, as base64 or a data URL';
  const body = text.replace(DATA_URL, '').replace(/\s+/g, '');
  if (body.startsWith('data:')) return 'is a data URL without ";base64,"; encode the picture as base64';
  if (!BASE64.test(body)) return 'is not base64; encode the bytes of the picture as base64 or as a data URL';
  return new Uint8Array(Buffer.from(body, 'base64'));
}

function toBytes(value: Uint8Array | string, check: z.core.$RefinementCtx): Uint8Array {
  const bytes = typeof value === 'string' ? decodeText(value) : value;
  const problem =
    typeof bytes === 'string'
      ? `the picture ${bytes}`
      : bytes.length === 0
        ? 'the picture is empty: expected the bytes of a PNG, JPEG, WebP, AVIF, TIFF or GIF file'
        : bytes.length > MAX_PICTURE_BYTES
          ? `the picture has ${bytes.length} bytes, at most ${MAX_PICTURE_BYTES} are taken; shrink it first`
          : null;
  if (problem === null) return bytes as Uint8Array;
  check.addIssue({ code: 'custom', message: problem, input: '(picture)' });
  return z.NEVER;
}

/** A picture as a parameter: bytes, or text in base64 or as a data URL; the guide gets bytes. */
export function pictureParam(description: string) {
  return z
    .custom<Uint8Array | string>(isPictureInput, {
      error: 'expected a picture: its bytes, or base64 or a data URL as text',
    })
    .meta({ type: 'string', contentEncoding: 'base64', description })
    .transform(toBytes);
}

const sideParam = z.int().min(1).max(4096).optional();

/** The two fields that bound the sides, in pixels, at which a guide is asked. */
export const sideParams = {
  fromSide: sideParam.describe(
    'Smallest side, in pixels, at which the guide scores; below it the other guides decide. Default: the side of the first level.',
  ),
  toSide: sideParam.describe(
    'Largest side, in pixels, at which the guide scores; above it the other guides, or the prior, decide. Default: the side of the last level; of a guide with a shortlist, 64 where the model has a prior.',
  ),
};

/** The preferences that `sideParams` express; none if no bound is set: such a guide is cheap and scores at every level. */
export function sidePreferences(sides: { fromSide?: number | undefined; toSide?: number | undefined }): {
  prefers?: Preferences;
} {
  const { fromSide, toSide } = sides;
  if (fromSide === undefined && toSide === undefined) return {};
  return { prefers: { ...(fromSide === undefined ? {} : { fromSide }), ...(toSide === undefined ? {} : { toSide }) } };
}

/** The fields of an expensive guide, with its defaults; see `Preferences`. */
export function shortlistParams(presets: { fromSide: number; shortlist: number; refine: number }) {
  const side = z.int().min(1).max(4096);
  return {
    fromSide: side
      .default(presets.fromSide)
      .describe('Smallest side, in pixels, at which the guide scores; below it the other guides, or chance, decide.'),
    toSide: sideParams.toSide,
    shortlist: z
      .int()
      .min(1)
      .max(4096)
      .default(presets.shortlist)
      .describe("Approximate number of candidates scored first, spread over the level's candidates."),
    refine: z
      .int()
      .min(0)
      .max(4096)
      .default(presets.refine)
      .describe('Number of neighbours of the best of these scored next.'),
  };
}

/** The preferences that `shortlistParams` express. */
export function shortlistPreferences(options: {
  fromSide: number;
  toSide?: number | undefined;
  shortlist: number;
  refine: number;
}): Preferences {
  const { fromSide, toSide, shortlist, refine } = options;
  return { fromSide, shortlist, refine, ...(toSide === undefined ? {} : { toSide }) };
}
