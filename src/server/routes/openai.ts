/** The Images API as OpenAI's clients speak it. */
import type { z } from 'zod';
import type { GenerateRequest } from '../../contract/requests.ts';
import { fittedSize } from '../../pictures/codec.ts';
import type { Edit as EditWork } from '../../worker/messages.ts';
import { type Answer, type RawCall, type Route, route } from '../http/route.ts';
import { measured } from '../jobs/whole-pictures.ts';
import { shortened } from '../openai/prompts.ts';
import { type Terms, termsOf } from '../openai/requests.ts';
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
function editOf({ image, mask, input_fidelity, whole }: Edit): EditWork {
  return { image: image[0] as Uint8Array, mask: mask?.[0], weight: KEPT[input_fidelity ?? 'low'], whole };
}

function editGuides({ prompt, image }: Edit): Guides {
  const looks = image.slice(1).map((one) => ({ name: 'style', weight: LOOK, params: { image: one } }));
  return [{ name: 'text', params: { prompt } }, ...looks];
}

/** An edit of a whole picture has its size, or as much of it as fits into what is asked for. */
async function wholeTerms(call: RawCall & { readonly body: Edit }, asked: Terms): Promise<Terms> {
  const { services, body } = call;
  const size = body.size === 'auto' ? undefined : (asked.work.output.size ?? asked.model.side);
  const edited = { ...asked.work, edit: editOf(body), output: { ...asked.work.output, size } };
  const work = await measured(edited, services.settings.wholePixels);
  if (!work.wholeSize || !work.edit.mask) return { ...asked, work };
  const { width, height } = fittedSize(work.wholeSize, size);
  const shown = { size: `${width}x${height}` };
  const previews = work.previews && { ...work.previews, size: Math.max(width, height) };
  return {
    ...asked,
    work: { ...work, previews },
    echo: { ...asked.echo, ...shown },
    headers: { 'x-kandid-model': asked.model.name, 'x-kandid-size': shown.size },
  };
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
      const terms = await wholeTerms(call, asked);
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
