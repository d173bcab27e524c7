/** Permalinks of pictures: the code is in the address, so nothing is stored and the picture never changes. */
import { z } from 'zod';
import { codeToString, parseCode } from '../../contract/codes.ts';
import { KandidError } from '../../errors.ts';
import type { ModelSummary, PictureFormat, Work } from '../../worker/messages.ts';
import { type Call, type Route, route } from '../http/route.ts';
import { candidateCountsOf, modelOf } from '../models.ts';
import { ENDINGS } from './permalinks.ts';
import { endOf, picturesOf, submit } from './submit.ts';

const IMMUTABLE = 'max-age=31536000, immutable';
const FORMATS: Readonly<Record<string, PictureFormat>> = {
  png: 'png',
  webp: 'webp',
  jpg: 'jpeg',
  jpeg: 'jpeg',
  avif: 'avif',
};
/** In order of preference, if the client has none. */
const TYPES: readonly PictureFormat[] = ['png', 'webp', 'jpeg', 'avif'];

const number = (least: number, most: number) => {
  const expected = `expected a whole number from ${least} to ${most}`;
  return z.coerce.number(expected).int(expected).min(least, expected).max(most, expected);
};

const query = z.strictObject({
  size: number(1, 2048)
    .optional()
    .describe("Width and height in pixels, resampled (Lanczos). Default: the model's own."),
  level: number(0, 255).optional().describe('The picture after this level. Default: the last.'),
  quality: number(1, 100).optional().describe('For all formats except PNG.'),
  expires: number(0, Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('End of validity of the signature, in seconds since 1970.'),
  signature: z
    .string()
    .max(100)
    .optional()
    .describe('Replaces a key; valid for this exact address, as found in responses.'),
});

interface Address {
  readonly model: ModelSummary;
  readonly hash: string | null;
  readonly code: string;
  readonly format: PictureFormat;
  /** Whether the format came from the headers. */
  readonly negotiated: boolean;
}

/** @throws {KandidError} model_unknown, condition_address, code_invalid, not_acceptable, not_ready */
function addressOf(call: Call<undefined, z.output<typeof query>>): Address {
  const [, name = '', hash = null] = /^(.*?)(?:@([0-9a-f]{8,64}))?$/s.exec(call.params.model ?? '') ?? [];
  const [, text = '', ending] = /^(.*?)(?:\.([a-z]+))?$/s.exec(call.params.file ?? '') ?? [];
  const model = modelOf(call.services, name);
  if (hash !== null && !model.hash.startsWith(hash)) {
    const hint = `Model "${name}" is another one now: its hash is ${model.hash.slice(0, 8)}.`;
    throw new KandidError('model_unknown', { name: `${name}@${hash}`, hint });
  }
  if (model.condition) throw new KandidError('condition_address', { model: name, kind: model.condition.kind });
  const candidates = candidateCountsOf(model);
  const code = codeToString(parseCode(text, candidates), candidates);
  const format = ending === undefined ? accepted(call.request.headers.accept) : FORMATS[ending];
  if (!format)
    throw new KandidError('not_acceptable', { got: `.${ending}`.slice(0, 20), expected: '.png, .webp, .jpg, .avif' });
  return { model, hash, code, format, negotiated: ending === undefined };
}

/** The format that the client prefers. @throws {KandidError} not_acceptable */
function accepted(header = '*/*'): PictureFormat {
  const wishes = header.split(',').map((part) => {
    const [type = '', ...rest] = part.split(';').map((piece) => piece.trim().toLowerCase());
    const q = Number(rest.find((piece) => piece.startsWith('q='))?.slice(2) ?? 1);
    return { type, q: Number.isFinite(q) ? q : 0 };
  });
  const liking = (format: PictureFormat) => {
    const named = wishes.find(({ type }) => type === `image/${format}`);
    return (
      named?.q ?? Math.max(0, ...wishes.filter(({ type }) => type === 'image/*' || type === '*/*').map(({ q }) => q))
    );
  };
  const [best] = [...TYPES].sort((a, b) => liking(b) - liking(a));
  if (best && liking(best) > 0) return best;
  throw new KandidError('not_acceptable', {
    got: header.slice(0, 100),
    expected: TYPES.map((format) => `image/${format}`).join(', '),
  });
}

async function send(call: Call<undefined, z.output<typeof query>>): Promise<void> {
  const { request, response, query: wanted } = call;
  const address = addressOf(call);
  const { model, code, format } = address;
  if (address.negotiated) response.appendHeader('Vary', 'Accept');
  response.setHeader('Cross-Origin-Resource-Policy', 'cross-origin');
  if (address.hash === null) {
    const ending = address.negotiated ? '' : `.${ENDINGS[format]}`;
    const search = call.search.size > 0 ? `?${call.search}` : '';
    response.statusCode = 307;
    response.setHeader(
      'Location',
      `${call.place.prefix}/v1/images/${encodeURIComponent(model.name)}@${model.hash.slice(0, 8)}/${code}${ending}${search}`,
    );
    response.setHeader('Cache-Control', 'no-cache');
    response.end();
    return;
  }
  const tag = `"${[model.hash.slice(0, 16), code, format, wanted.size, wanted.level, wanted.quality].join('.')}"`;
  response.setHeader('ETag', tag);
  // A response that needed a key or a signature must not be stored in shared caches.
  response.setHeader('Cache-Control', `${call.services.signedLinks.areNeeded ? 'private' : 'public'}, ${IMMUTABLE}`);
  response.setHeader('Content-Type', `image/${format}`);
  const isSame = matches(request.headers['if-none-match'], tag);
  if (isSame || request.method === 'HEAD') {
    response.statusCode = isSame ? 304 : 200;
    response.end();
    return;
  }
  await call.admit();
  const { size, quality, level } = wanted;
  const work: Work = { kind: 'decode', codes: [code], model: model.name, level, output: { format, size, quality } };
  const job = await submit(call, { work, label: 'permalink' }, false);
  const end = await endOf(call, job, null);
  const [picture] = end ? picturesOf(end).results : [];
  if (picture && !response.closed) response.end(picture.bytes);
}

function matches(header: string | undefined, tag: string): boolean {
  return (header ?? '').split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === tag);
}

export const imageRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/v1/images/{model}/{file}',
    tag: 'codes',
    summary: 'The picture of a code',
    query,
    description:
      'Also HEAD. Without the hash of the model it redirects to the address with it; without an extension, Accept selects the format. Counted against the rate limit only if a picture is drawn. If keys are required, addresses in responses are signed and open without a key until they expire.',
    admitsItself: true,
    isEmbeddable: true,
    isSigned: true,
    parts: {
      model: 'MODEL@HASH, where HASH is the first 8 digits of its hash.',
      file: 'CODE.png, .webp, .jpg or .avif.',
    },
    answers: {
      200: { description: 'The picture; it never changes.', types: TYPES.map((format) => `image/${format}`) },
      304: { description: 'Not modified.' },
      307: { description: 'The address that includes the hash.' },
    },
    handle: send,
  }),
];
