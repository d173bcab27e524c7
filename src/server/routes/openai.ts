/** The Images API as OpenAI's clients speak it. */
import type { z } from 'zod';
import type { GenerateRequest } from '../../contract/requests.ts';
import { decodePicture, pictureSize } from '../../pictures/codec.ts';
import { type Answer, type Route, route } from '../http/route.ts';
import { shortened } from '../openai/prompts.ts';
import { refused, termsOf } from '../openai/requests.ts';
import { encodedCode, reply, stream } from '../openai/responses.ts';
import {
  editBody,
  fromForm,
  generationBody,
  imagesResponse,
  PLAIN,
  variationBody,
  withoutNulls,
} from '../openai/schemas.ts';

type Guides = NonNullable<GenerateRequest['guides']>;
type Edit = z.output<typeof editBody>;

const ANSWERS: Readonly<Record<number, Answer>> = {
  200: { description: 'The pictures; with stream, events.', schema: imagesResponse, types: ['text/event-stream'] },
};

/** Of the levels of a picture, the share that its variations have in common with it. */
const IN_COMMON = 0.5;

/** Weights beside 1 for the words. */
const KEPT = { low: 0.5, high: 2 };
const LOOK = 0.3;
/** Transparency is looked for in a small copy. */
const GLANCE = 64;
const OPAQUE = 0.99;

/** @throws {KandidError} picture_*, params_invalid (the mask has another size) */
async function editGuides({ prompt, image, mask, input_fidelity }: Edit, limitPixels: number): Promise<Guides> {
  const [first, ...others] = image as [Uint8Array, ...Uint8Array[]];
  const sizes = [];
  for (const [i, one] of image.entries()) sizes.push(await pictureSize(one, { limitPixels, name: `image ${i + 1}` }));
  const looks = others.map((one) => ({ name: 'style', weight: LOOK, params: { image: one } }));
  const words = { name: 'text', params: { prompt } };
  const [painted] = mask ?? [];
  if (painted) {
    const [is, expected] = [await pictureSize(painted, { limitPixels, name: 'mask' }), sizes[0]];
    if (is.width !== expected?.width || is.height !== expected.height)
      throw refused(
        'mask',
        `it is ${is.width}x${is.height}, expected the size of the image, ${expected?.width}x${expected?.height}`,
        'invalid_mask',
      );
    return [{ name: 'inpaint', params: { image: first, mask: painted } }, words, ...looks];
  }
  if (await hasHoles(first, limitPixels)) return [{ name: 'inpaint', params: { image: first } }, words, ...looks];
  const weight = KEPT[input_fidelity ?? 'low'];
  return [{ name: 'target', weight, params: { image: first } }, words, ...looks];
}

async function hasHoles(bytes: Uint8Array, limitPixels: number): Promise<boolean> {
  const { data, width, height } = await decodePicture(bytes, {
    channels: 4,
    limitPixels,
    maxSide: GLANCE,
    name: 'image',
  });
  return data.subarray(3 * width * height).some((alpha) => alpha < OPAQUE);
}

export const openAiDoors: readonly Route[] = [
  route({
    method: 'post',
    path: '/v1/images/generations',
    tag: 'openai',
    dialect: 'openai',
    answers: ANSWERS,
    summary: 'Pictures from words',
    body: generationBody,
    fromJson: withoutNulls,
    nullable: { but: ['user'] },
    async handle(call) {
      const { prompt, notes } = shortened(call.body.prompt);
      const terms = termsOf(call, call.body, { guides: [{ name: 'text', params: { prompt } }], notes });
      if (call.body.stream) await stream(call, terms, 'image_generation', 'generations');
      else await reply(call, terms, 'generations');
    },
  }),
  route({
    method: 'post',
    path: '/v1/images/edits',
    tag: 'openai',
    dialect: 'openai',
    answers: ANSWERS,
    summary: 'Pictures from a picture and words',
    body: editBody,
    files: ['image', 'mask'],
    formOnly: true,
    fromForm,
    async handle(call) {
      const { prompt, notes } = shortened(call.body.prompt);
      const guides = await editGuides({ ...call.body, prompt }, call.services.settings.limitPixels);
      const terms = termsOf(call, call.body, { guides, notes });
      if (call.body.stream) await stream(call, terms, 'image_edit', 'edits');
      else await reply(call, terms, 'edits');
    },
  }),
  route({
    method: 'post',
    path: '/v1/images/variations',
    tag: 'openai',
    dialect: 'openai',
    fromForm,
    summary: 'Pictures that are alike',
    body: variationBody,
    files: ['image'],
    formOnly: true,
    description:
      'The nearest picture of the model is found, the first half of its levels kept, the rest generated again.',
    answers: { 200: { description: 'The pictures.', schema: imagesResponse } },
    async handle(call) {
      const { image, ...body } = call.body;
      const terms = termsOf(call, { ...PLAIN, ...body }, { guides: [] });
      const code = await encodedCode(call, image[0] as Uint8Array, terms.model.name);
      if (!code) return;
      const prefix = [code.slice(0, Math.ceil(IN_COMMON * code.length))];
      await reply(
        call,
        { ...terms, work: { ...terms.work, request: { ...terms.work.request, prefix } } },
        'variations',
      );
    },
  }),
];
