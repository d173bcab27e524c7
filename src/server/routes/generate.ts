/** Routes that generate pictures. */
import type { z } from 'zod';
import { job, result } from '../../contract/answers.ts';
import {
  decodeBody,
  denoiseBody,
  encodeBody,
  enlargeBody,
  generateBody,
  inpaintBody,
  restoreBody,
  styleBody,
  varyBody,
} from '../../contract/operations.ts';
import { type GenerateRequest, paramsError } from '../../contract/requests.ts';
import { outputOf } from '../../contract/stream.ts';
import type { Work } from '../../worker/messages.ts';
import { type Answer, type RawCall, type Route, route } from '../http/route.ts';
import { firstLevelsOf, modelOf } from '../models.ts';
import { answer, type ResponseOptions } from './responses.ts';
import type { Submission } from './submit.ts';

type Guides = NonNullable<GenerateRequest['guides']>;
type Task = Omit<z.output<typeof generateBody>, 'guides' | 'prefix' | 'whole'>;
type Generation = Extract<Work, { kind: 'generate' }>;
type Whole = NonNullable<GenerateRequest['whole']>;

const PICTURES = ['image/png', 'image/webp', 'image/jpeg', 'image/avif'];
export const PICTURE_ANSWERS: Readonly<Record<number, Answer>> = {
  200: {
    description: 'The pictures; the bare picture if there is only one and Accept asks for image/*.',
    schema: result,
    types: PICTURES,
  },
  202: { description: 'With Prefer: respond-async, or wait=N if it takes longer: where the job is.', schema: job },
};

function generation(body: Task, guides: Guides, prefix: number[][] = []): Generation {
  const { model, count, seed, sampler, blend, condition } = body;
  return {
    kind: 'generate',
    request: { model, count, seed, sampler, blend, condition, guides, prefix },
    output: outputOf(body),
  };
}

function textGuide(prompt: string | undefined): Guides {
  return prompt === undefined ? [] : [{ name: 'text', params: { prompt } }];
}

interface TaskSpec<Body extends z.ZodType> {
  readonly path: string;
  readonly summary: string;
  readonly body: Body;
  readonly files: readonly string[];
  readonly toWork: (body: z.output<Body>, call: Pick<RawCall, 'services'>) => Work;
}

type Translation = (given: unknown, call: Pick<RawCall, 'services'>) => Work;

/** The translation from body to work of each route, for other API formats. */
const translations = new Map<string, Translation>();

/**
 * The generation that a route creates from a body.
 *
 * @param path such as `/v1/generate`
 * @throws {KandidError} params_invalid, and the reasons why the route refuses it
 */
export function generationAt(path: string, given: unknown, call: Pick<RawCall, 'services'>): Generation {
  const work = translations.get(path)?.(given, call);
  if (work?.kind === 'generate') return work;
  throw new RangeError(`${path} generates no pictures`);
}

/** A route that creates a job from its body; its label is the last segment of the path. */
function task<Body extends z.ZodType>({ path, summary, body, files, toWork }: TaskSpec<Body>): Route {
  const label = path.slice(path.lastIndexOf('/') + 1);
  translations.set(path, (given, call) => {
    const parsed = body.safeParse(given);
    if (!parsed.success) throw paramsError('The request', parsed.error);
    return toWork(parsed.data, call);
  });
  return route({
    method: 'post',
    path,
    tag: 'pictures',
    summary,
    body,
    files,
    answers: PICTURE_ANSWERS,
    async handle(call) {
      const submission: Submission = { work: toWork(call.body, call), label };
      const { base64 = true, webhook } = call.body as Partial<ResponseOptions>;
      await answer(call, submission, { base64, webhook });
    },
  });
}

/** The work of a generate body. */
export function generated(body: z.output<typeof generateBody>): Generation {
  const { whole } = body;
  return onWholePicture(generation(body, body.guides, body.prefix), whole);
}

/** The same on a whole picture. @param whole its options; null or undefined: not a whole picture */
function onWholePicture(work: Generation, whole: Whole | null | undefined): Generation {
  return whole ? { ...work, request: { ...work.request, whole } } : work;
}

const restoration = (path: string, guide: string, summary: string) =>
  task({
    path,
    summary,
    body: restoreBody,
    files: ['image', 'condition'],
    toWork: ({ image, prompt, ...body }) =>
      generation(body, [{ name: guide, params: { image } }, ...textGuide(prompt)]),
  });

export const pictureRoutes: readonly Route[] = [
  task({
    path: '/v1/generate',
    summary: 'Generates pictures, steered by guides',
    body: generateBody,
    files: ['condition'],
    toWork: generated,
  }),
  task({
    path: '/v1/inpaint',
    summary: 'Repaints the unknown part of a picture',
    body: inpaintBody,
    files: ['image', 'mask', 'condition'],
    toWork: ({ image, mask, invert, prompt, whole, feather, window, ...body }) => {
      const params = { image, invert, ...(mask ? { mask } : {}) };
      const work = generation(body, [{ name: 'inpaint', params }, ...textGuide(prompt)]);
      return onWholePicture(work, whole ? { feather, window } : null);
    },
  }),
  task({
    path: '/v1/super-resolution',
    summary: 'Enlarges a small picture, with new detail',
    body: enlargeBody,
    files: ['image', 'condition'],
    toWork: ({ image, prompt, whole, window, ...body }) => {
      const work = generation(body, [{ name: 'super_resolution', params: { image } }, ...textGuide(prompt)]);
      return onWholePicture(work, whole ? { window } : null);
    },
  }),
  restoration('/v1/colorize', 'colorize', 'Adds colours to a gray picture'),
  task({
    path: '/v1/denoise',
    summary: 'Removes noise from a picture',
    body: denoiseBody,
    files: ['image', 'condition'],
    toWork: ({ image, sigma, method, prompt, ...body }) =>
      generation(body, [{ name: 'denoise', params: { image, sigma, method } }, ...textGuide(prompt)]),
  }),
  task({
    path: '/v1/style',
    summary: 'Pictures in the style of another one',
    body: styleBody,
    files: ['image', 'content', 'condition'],
    toWork: ({ image, content, contentWeight, prompt, ...body }) => {
      const shapes = content ? [{ name: 'colorize', weight: contentWeight, params: { image: content } }] : [];
      return generation(body, [{ name: 'style', params: { image } }, ...shapes, ...textGuide(prompt)]);
    },
  }),
  task({
    path: '/v1/encode',
    summary: 'The code whose picture is nearest',
    body: encodeBody,
    files: ['image', 'condition', 'weights'],
    toWork: ({ image, model, beams, search, condition, weights, ...body }) => ({
      kind: 'encode',
      picture: image,
      model,
      beams,
      search,
      condition,
      weights,
      output: outputOf(body),
    }),
  }),
  task({
    path: '/v1/decode',
    summary: 'The pictures of codes',
    body: decodeBody,
    files: ['condition'],
    toWork: ({ codes, model, level, condition, ...body }) => ({
      kind: 'decode',
      codes,
      model,
      level,
      condition,
      output: outputOf(body),
    }),
  }),
  task({
    path: '/v1/vary',
    summary: 'Keeps the first levels of a code and generates the rest again',
    body: varyBody,
    files: ['condition'],
    toWork: ({ code, keep, guides, ...body }, call) => {
      const model = modelOf(call.services, body.model);
      return generation({ ...body, model: model.name }, guides, [firstLevelsOf(code, keep, model)]);
    },
  }),
];
