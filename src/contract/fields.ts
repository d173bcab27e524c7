/** Schemas of fields shared by several requests. */
import { z } from 'zod';
import { choices, generateSchema } from './requests.ts';
import { descentFields, outputFields } from './stream.ts';

const DATA_URL = /^data:image\/[\w.+-]+(?:;[\w=.+-]+)*;base64,/i;
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** Bytes of a picture given as text, or a message if it is not a picture. */
export function pictureBytes(text: string): Uint8Array | string {
  const body = text.replace(DATA_URL, '').replace(/\s+/g, '');
  if (body.length === 0) return 'the picture is empty';
  if (!BASE64.test(body)) return 'expected the bytes of a picture as base64, or a data URL';
  return new Uint8Array(Buffer.from(body, 'base64'));
}

/** A picture in a body: base64 or a data URL in JSON, a file in a form; parsed to bytes. */
export function picture(description: string) {
  return z
    .custom<Uint8Array | string>((value) => value instanceof Uint8Array || typeof value === 'string', {
      error: 'expected a picture: a file, or base64 or a data URL as text',
    })
    .meta({ type: 'string', contentEncoding: 'base64', description })
    .transform((value, check) => {
      const bytes = typeof value === 'string' ? pictureBytes(value) : value;
      if (typeof bytes !== 'string' && bytes.length > 0) return bytes;
      check.addIssue({ code: 'custom', message: typeof bytes === 'string' ? bytes : 'the file is empty', input: '' });
      return z.NEVER;
    });
}

/** A name like that of a folder, never a path. */
export const modelName = z
  .string()
  .regex(/^[\w.-]{1,200}$/, 'expected the name of a model')
  .describe('Name of the model. Default: the default model.');

const generate = generateSchema.shape;

/** Search settings of all requests that generate pictures. */
export const searchFields = {
  model: modelName.optional(),
  count: generate.count,
  seed: generate.seed,
  sampler: generate.sampler,
  blend: generate.blend,
};

const base64 = z
  .boolean()
  .default(true)
  .describe('Whether the response includes the pictures; it always includes their addresses.');

/** Output settings over HTTP. */
export const answerFields = { ...outputFields, base64 };
/** The same for requests that descend through the levels. */
export const descentAnswerFields = { ...descentFields, base64 };

/** Guide parameters that name a model: over the network these are names, never paths. */
const NAMING = ['model', 'network'];

/** The first guide parameter whose value is not a plain model name; null if there is none. */
export function pathIn(params: Readonly<Record<string, unknown>>): string | null {
  const isPath = (value: unknown) => typeof value === 'string' && !/^[\w.-]{1,200}$/.test(value);
  return NAMING.find((field) => isPath(params[field])) ?? null;
}

const guideWithNames = generate.guides.unwrap().element.superRefine(({ params }, check) => {
  const field = pathIn(params);
  if (field === null) return;
  check.addIssue({ code: 'custom', path: ['params', field], message: 'expected a name, not a path', input: params });
});

export const guides = z
  .array(guideWithNames)
  .max(16)
  .default([])
  .describe(generate.guides.description ?? '');

/** Largest prompt of the guide `text`, in characters. */
export const MAX_PROMPT = 500;

export const prompt = z.string().trim().min(1, 'expected some words').max(MAX_PROMPT);

/** A code: a code string, or its integers. */
export const code = z
  .union(
    [z.string().min(1).max(2000), choices.refine(({ length }) => length > 0)],
    'expected a code string, or integers',
  )
  .describe('A code string, or the integers of a code.');
