/** The Images API as OpenAI's clients speak it. */
import type { z } from 'zod';
import type { GenerateRequest } from '../../contract/requests.ts';
import type { Edit as EditWork } from '../../worker/messages.ts';
import { type Answer, type Route, route } from '../http/route.ts';
import { shortened } from '../openai/prompts.ts';
import { termsOf } from '../openai/requests.ts';
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

/** The picture itself is looked at where it is decoded: in a worker. */
function editOf({ image, mask, input_fidelity }: Edit): EditWork {
  return { image: image[0] as Uint8Array, mask: mask?.[0], weight: KEPT[input_fidelity ?? 'low'] };
}

function editGuides({ prompt, image }: Edit): Guides {
  const looks = image.slice(1).map((one) => ({ name: 'style', weight: LOOK, params: { image: one } }));
  return [{ name: 'text', params: { prompt } }, ...looks];
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
      const asked = termsOf(call, call.body, { guides: editGuides({ ...call.body, prompt }), notes });
      const terms = { ...asked, work: { ...asked.work, edit: editOf(call.body) } };
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
