/**
 * What client and server say to one another on `/v1/stream`: JSON text both ways, and from the server binary frames
 * (`contract/frames.ts`) whose header is one of `frameHeaderSchema`. Pure: it runs in browsers too.
 *
 * A client opens requests under an `id` of its own choosing, unique among those open on its socket. What the server says of
 * one carries that `id`, the job it became and a sequence number `seq` that rises within the job. It ends with exactly one
 * of `done`, `cancelled` and `error`. After a lost connection, `attach` goes on behind the last `seq` that came; what is no
 * longer kept is told by `gap`.
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
  .describe('Name that the client gives to a request; unique among those open on its socket.');
const job = z.string().min(1).max(100).describe('The job that the request became.');
const seq = z.int().min(0).describe('Number of the event within its job, rising; some may be left out.');
const quality = z.int().min(1).max(100);

const STILL = ['png', 'webp', 'jpeg', 'avif'] as const;
/** Most frames of an animation. */
export const MAX_FRAMES = 64;
/** How long each is shown, in milliseconds. */
export const FRAME_MS = { least: 20, most: 655_350, usual: 80 };

/** How finished pictures are wanted. */
export const outputFields = {
  format: z.enum(STILL).default('png').describe('File format of the finished pictures.'),
  quality: quality.optional().describe('1 to 100, for all formats but PNG and GIF.'),
  size: z
    .int()
    .min(1)
    .max(MAX_SIDE)
    .optional()
    .describe(
      "Longer side of the finished pictures in pixels, resized by Lanczos: width and height of those of the model. Left out: the model's own, or that of the whole picture.",
    ),
};

/** The same where levels are walked. */
export const descentFields = {
  ...outputFields,
  format: z
    .enum([...STILL, 'gif'])
    .default('png')
    .describe('File format of the finished pictures; gif: the descent, animated.'),
  animation: z
    .strictObject({
      frames: z.int().min(2).max(MAX_FRAMES).optional().describe('Levels shown, spread evenly. Left out: all.'),
      frameMs: z
        .int()
        .min(FRAME_MS.least)
        .max(FRAME_MS.most)
        .default(FRAME_MS.usual)
        .describe('Of each, in milliseconds.'),
    })
    .optional()
    .describe('The descent of each result in place of its finished picture: of the formats gif and webp.'),
};

/** Where a large one is read, its bytes take the place of its text (`kit/json-pictures.ts`). */
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

/** A request to generate as it comes over HTTP and the stream. */
export const generateBodySchema = generateSchema.omit({ condition: true }).extend({
  condition: pictureText.optional(),
  ...descentFields,
});

export const previewsSchema = z
  .strictObject({
    format: z.enum(['webp', 'png']).default('webp').describe('File format of the previews.'),
    quality: quality.default(80).describe('1 to 100, for WebP.'),
    images: z.int().min(0).max(256).default(4).describe('Of the first so many results; 0: no previews.'),
    perSecond: z.number().min(0.1).max(60).default(10).describe('At most so many levels a second are shown.'),
  })
  .prefault({});

/** What a client says. */
export const clientMessageSchema = z.discriminatedUnion('type', [
  generateBodySchema.extend({ type: z.literal('generate'), id, previews: previewsSchema }),
  z.strictObject({
    type: z.literal('attach'),
    id,
    job,
    since: seq.optional().describe('Last `seq` that came; events behind it follow. Left out: all that are kept.'),
  }),
  z.strictObject({ type: z.literal('detach'), id }).describe('Hears no more of a request; it goes on.'),
  z.strictObject({ type: z.literal('cancel'), id }).describe('Ends a request with the best pictures so far.'),
  z
    .strictObject({
      type: z.literal('choose'),
      id,
      question: whole,
      picks: z.array(whole).max(256).describe('Pictures of the contact sheet, best first; none: no opinion.'),
    })
    .describe('Answers a `candidates` frame.'),
  z
    .strictObject({ type: z.literal('weights'), id, weights: z.array(z.number().min(-100).max(100)).max(16) })
    .describe('New weights of the guides, in the order of the request, for the levels that are left.'),
  z.strictObject({ type: z.literal('ping'), nonce: z.string().max(64).optional() }),
]);

const about = { id, job, seq };

const end = {
  ...about,
  ...endFields,
  dropped: whole.describe('Previews that were left out for this client.'),
};

/** What the server says as text. */
export const serverMessageSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('hello'),
    version: z.string(),
    protocol: z.literal(PROTOCOL_VERSION),
    messageBytes: z.int().min(1).optional().describe('Largest message that is taken; more closes the socket (1009).'),
  }),
  z.object({
    ...about,
    type: z.literal('queued'),
    position: whole.describe('Requests that go before.'),
    estimateSeconds: z
      .number()
      .nullable()
      .describe('Until its results, by measured time; null where none is measured.'),
    attempt: z.int().min(1).describe('2: a worker process was lost, the request waits again.'),
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
      ranking: z.array(whole).describe('The images by their numbers, the best first by what the guides say of them.'),
    })
    .describe('All pictures are finished; they came before, one `image` frame each.'),
  z
    .object({
      ...end,
      type: z.literal('cancelled'),
      level: whole,
      images: z.array(z.object({ prefix: z.array(whole), windows: windowsField.optional() })),
    })
    .describe('Ended early; the best pictures so far came before.'),
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

/** Headers of binary frames; the bytes are the picture's file. */
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
    .describe('A person is asked: answer with `choose`.'),
  z.object({ ...about, ...fileFields, type: z.literal('image'), image: whole, final: z.boolean() }),
]);

type Wanted = z.output<z.ZodObject<typeof descentFields>>;

/** A GIF is an animation whether or not more is said of it. @throws {KandidError} params_invalid: of another format */
export function outputOf({ format, quality, size, animation }: Wanted) {
  const isAnimated = format === 'gif' || animation !== undefined;
  if (isAnimated && format !== 'gif' && format !== 'webp') {
    const problem = `${format} files show one picture; expected format gif or webp beside it`;
    throw new KandidError('params_invalid', { subject: 'The request', field: 'animation', problem });
  }
  const usual = { frames: undefined, frameMs: FRAME_MS.usual };
  return { format, quality, size, ...(isAnimated ? { animation: animation ?? usual } : {}) };
}

/** A request body as it may be given. */
export type GenerateBody = z.input<typeof generateBodySchema>;
export type ClientMessage = z.output<typeof clientMessageSchema>;
/** A client's message as it may be written, defaults left out. */
export type ClientMessageInput = z.input<typeof clientMessageSchema>;
export type ServerMessage = DeepReadonly<z.output<typeof serverMessageSchema>>;
export type FrameHeader = DeepReadonly<z.output<typeof frameHeaderSchema>>;

/** @param message what its JSON says. @throws {KandidError} message_invalid, naming the field and what it takes */
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
