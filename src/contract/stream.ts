/**
 * Messages between client and server on `/v1/stream`: JSON text in both directions, and from the server also binary
 * frames (`contract/frames.ts`) whose header is one of `frameHeaderSchema`. Pure: it also runs in browsers.
 *
 * A client opens requests under an `id` of its choice, unique among those open on its socket. Server messages on a
 * request carry that `id`, the id of its job and a sequence number `seq` that increases within the job. A request ends
 * with exactly one of `done`, `cancelled` and `error`. After a lost connection, `attach` continues after the last `seq`
 * received; events that are no longer kept are reported by `gap`.
 */
import { z } from 'zod';
import { KandidError } from '../errors.ts';
import { firstIssue } from '../kit/issues.ts';
import {
  chosenFields,
  type DeepReadonly,
  endFields,
  fileFields,
  levelFields,
  previewFields,
  questionFields,
  startedFields,
  whole,
  windowsField,
} from './events.ts';
import { decodeFrame, encodeFrame } from './frames.ts';
import { generateSchema } from './requests.ts';
import { PROTOCOL_VERSION, SUBPROTOCOL } from './version.ts';

export { PROTOCOL_VERSION, SUBPROTOCOL };

const MAX_SIDE = 2048;

const id = z
  .string()
  .regex(/^[\w.:-]{1,64}$/, 'expected 1 to 64 of A–Z, a–z, 0–9, _, -, . and :')
  .describe('Id chosen by the client, unique among the requests open on its socket.');
const job = z.string().min(1).max(100).describe('The job of the request.');
const seq = z.int().min(0).describe('Sequence number of the event within its job, increasing; some may be skipped.');
const quality = z.int().min(1).max(100);

const STILL = ['png', 'webp', 'jpeg', 'avif'] as const;
/** Largest number of frames of an animation. */
export const MAX_FRAMES = 64;
/** Duration of a frame, in milliseconds. */
export const FRAME_MS = { least: 20, most: 655_350, usual: 80 };

/** Output settings of finished pictures. */
export const outputFields = {
  format: z.enum(STILL).default('png').describe('File format of the finished pictures.'),
  quality: quality.optional().describe('1 to 100, for all formats except PNG and GIF.'),
  size: z
    .int()
    .min(1)
    .max(MAX_SIDE)
    .optional()
    .describe(
      "Longer side of the finished pictures in pixels, resampled (Lanczos); the model's own pictures are square. Default: the model's own, or that of the whole picture.",
    ),
};

/** The same for requests that descend through the levels. */
export const descentFields = {
  ...outputFields,
  format: z
    .enum([...STILL, 'gif'])
    .default('png')
    .describe('File format of the finished pictures; gif: an animation of the descent.'),
  animation: z
    .strictObject({
      frames: z.int().min(2).max(MAX_FRAMES).optional().describe('Number of evenly spread levels shown. Default: all.'),
      frameMs: z
        .int()
        .min(FRAME_MS.least)
        .max(FRAME_MS.most)
        .default(FRAME_MS.usual)
        .describe('Duration of each frame, in milliseconds.'),
    })
    .optional()
    .describe('Replaces each finished picture with an animation of its descent; for the formats gif and webp.'),
};

/** A large picture is parsed to bytes before validation (`kit/json-pictures.ts`). */
const pictureText = z
  .custom<string>((value) => (typeof value === 'string' && value !== '') || value instanceof Uint8Array, {
    error: 'expected a picture: base64 or a data URL as text',
  })
  .meta({
    type: 'string',
    minLength: 1,
    contentEncoding: 'base64',
    description: 'A picture: the bytes of its file as base64, or as a data URL.',
  })
  .transform((given): string | Uint8Array => given);

/** A generation request over HTTP and the stream. */
export const generateBodySchema = generateSchema.omit({ condition: true }).extend({
  condition: pictureText.optional(),
  ...descentFields,
});

export const previewsSchema = z
  .strictObject({
    format: z.enum(['webp', 'png']).default('webp').describe('File format of the previews.'),
    quality: quality.default(80).describe('1 to 100, for WebP.'),
    images: z
      .int()
      .min(0)
      .max(256)
      .default(4)
      .describe('Number of results with previews, from the first; 0: no previews.'),
    perSecond: z.number().min(0.1).max(60).default(10).describe('Largest number of levels shown per second.'),
  })
  .prefault({});

/** Messages from the client. */
export const clientMessageSchema = z.discriminatedUnion('type', [
  generateBodySchema.extend({ type: z.literal('generate'), id, previews: previewsSchema }),
  z.strictObject({
    type: z.literal('attach'),
    id,
    job,
    since: seq.optional().describe('Last `seq` received; later events follow. Default: all that are kept.'),
  }),
  z.strictObject({ type: z.literal('detach'), id }).describe('Stops receiving events of a request, which continues.'),
  z.strictObject({ type: z.literal('cancel'), id }).describe('Ends a request with the best pictures so far.'),
  z
    .strictObject({
      type: z.literal('choose'),
      id,
      question: whole,
      picks: z.array(whole).max(256).describe('Pictures of the contact sheet, best first; none: no preference.'),
    })
    .describe('Answers a `candidates` frame.'),
  z
    .strictObject({ type: z.literal('weights'), id, weights: z.array(z.number().min(-100).max(100)).max(16) })
    .describe('New weights of the guides, in the order of the request, for the remaining levels.'),
  z.strictObject({ type: z.literal('ping'), nonce: z.string().max(64).optional() }),
]);

const about = { id, job, seq };

const end = {
  ...about,
  ...endFields,
  dropped: whole.describe('Number of previews dropped for this client.'),
};

/** Text messages from the server. */
export const serverMessageSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('hello'),
    version: z.string(),
    protocol: z.literal(PROTOCOL_VERSION),
    messageBytes: z
      .int()
      .min(1)
      .optional()
      .describe('Largest message accepted, in bytes; a larger one closes the socket (1009).'),
  }),
  z.object({
    ...about,
    type: z.literal('queued'),
    position: whole.describe('Number of requests ahead.'),
    estimateSeconds: z
      .number()
      .nullable()
      .describe('Estimated seconds until its results, from measured run times; null while nothing was measured.'),
    attempt: z.int().min(1).describe('2: a worker process was lost, and the request is queued again.'),
  }),
  z.object({
    ...about,
    type: z.literal('started'),
    attempt: z.int().min(1),
    ...startedFields,
  }),
  z.object({ ...about, type: z.literal('level'), ...levelFields }),
  z.object({ ...about, type: z.literal('chosen'), ...chosenFields }),
  z
    .object({
      ...end,
      type: z.literal('done'),
      images: z.array(z.object({ code: z.array(whole), codeString: z.string(), windows: windowsField.optional() })),
      ranking: z.array(whole).describe('Indices of the images, sorted by score, best first.'),
    })
    .describe('All pictures are finished; they were sent before, one `image` frame each.'),
  z
    .object({
      ...end,
      type: z.literal('cancelled'),
      level: whole,
      images: z.array(z.object({ prefix: z.array(whole), windows: windowsField.optional() })),
    })
    .describe('Ended early; the best pictures so far were sent before.'),
  z.object({
    type: z.literal('error'),
    id: id.optional(),
    job: job.optional(),
    seq: seq.optional(),
    code: z.string(),
    message: z.string(),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
  z.object({ type: z.literal('gap'), id, job, from: seq, to: seq }).describe('Events from … to are no longer kept.'),
  z.object({ type: z.literal('pong'), nonce: z.string().optional() }),
]);

/** Headers of binary frames; the bytes are the picture file. */
export const frameHeaderSchema = z.discriminatedUnion('type', [
  z.object({
    ...about,
    ...fileFields,
    type: z.literal('preview'),
    attempt: z.int().min(1),
    ...previewFields,
  }),
  z
    .object({
      ...about,
      ...fileFields,
      type: z.literal('candidates'),
      ...questionFields,
    })
    .describe('A question to the user: answer with `choose`.'),
  z.object({ ...about, ...fileFields, type: z.literal('image'), image: whole, final: z.boolean() }),
]);

type Wanted = z.output<z.ZodObject<typeof descentFields>>;

/** A GIF is always an animation. @throws {KandidError} params_invalid for an animation in another format */
export function outputOf({ format, quality, size, animation }: Wanted) {
  const isAnimated = format === 'gif' || animation !== undefined;
  if (isAnimated && format !== 'gif' && format !== 'webp') {
    const problem = `${format} files show one picture; expected format gif or webp beside it`;
    throw new KandidError('params_invalid', { subject: 'The request', field: 'animation', problem });
  }
  const usual = { frames: undefined, frameMs: FRAME_MS.usual };
  return { format, quality, size, ...(isAnimated ? { animation: animation ?? usual } : {}) };
}

/** A request body before validation. */
export type GenerateBody = z.input<typeof generateBodySchema>;
export type ClientMessage = z.output<typeof clientMessageSchema>;
/** A client's message before validation, defaults omitted. */
export type ClientMessageInput = z.input<typeof clientMessageSchema>;
export type ServerMessage = DeepReadonly<z.output<typeof serverMessageSchema>>;
export type FrameHeader = DeepReadonly<z.output<typeof frameHeaderSchema>>;

/** @param message the parsed JSON. @throws {KandidError} message_invalid, naming the field and what it accepts */
export function parseClientMessage(message: unknown): ClientMessage {
  return checked(clientMessageSchema, message);
}

/** @throws {KandidError} message_invalid */
export function parseServerMessage(text: string): ServerMessage {
  return checked(serverMessageSchema, jsonOf(text));
}

export function encodePictureFrame(header: FrameHeader, bytes: Uint8Array): Uint8Array {
  return encodeFrame(header, bytes);
}

/** @throws {KandidError} message_invalid */
export function decodePictureFrame(frame: Uint8Array): { readonly header: FrameHeader; readonly bytes: Uint8Array } {
  const { header, bytes } = decodeFrame(frame);
  return { header: checked(frameHeaderSchema, header), bytes };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new KandidError('message_invalid', { field: '(all)', problem: 'it is not JSON' });
  }
}

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { field, problem } = firstIssue(parsed.error);
  throw new KandidError('message_invalid', { field: field.slice(0, 100), problem: problem.slice(0, 300) });
}
