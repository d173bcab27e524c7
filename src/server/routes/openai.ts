/** The Images API as OpenAI's clients speak it. */
import type { GenerateRequest } from '../../contract/requests.ts';
import type { Edit as EditWork } from '../../worker/messages.ts';
import { type Answer, type Route, route } from '../http/route.ts';
import { wholeSizeOf } from '../jobs/whole-pictures.ts';
import { fromForm, withoutNulls } from '../openai/forms.ts';
import { termsOf, wordsOf } from '../openai/requests.ts';
import { encoded, reply, stream } from '../openai/responses.ts';
import { editBody, editForm, generationBody, imagesResponse, PLAIN, variationBody } from '../openai/schemas.ts';
import { type Edit, withSources } from '../openai/sources.ts';

type Guides = NonNullable<GenerateRequest['guides']>;

const ANSWERS: Readonly<Record<number, Answer>> = {
  200: { description: 'The pictures; with stream, events.', schema: imagesResponse, types: ['text/event-stream'] },
};

const TOLD =
  'Headers say what was not taken as it was asked: x-kandid-ignored names fields without a meaning here, x-kandid-changed those that got what is nearest (the setting openaiRequests=strict refuses them), x-kandid-notes is the notes of the answer as a JSON list. When the caller leaves, the work ends; with an Idempotency-Key it goes on for a few seconds, and the same request again gets its answer.';

/** Of the levels of a picture, the share that its variations have in common with it. */
const IN_COMMON = 0.5;

/** Weights beside 1 for the words. */
const KEPT = { low: 0.5, high: 2 };
const LOOK = 0.3;

/** The picture itself is looked at where it is decoded: in a worker. */
function editOf({ images, mask, input_fidelity, whole }: Edit): EditWork {
  return { image: images[0] as Uint8Array, mask, weight: KEPT[input_fidelity ?? 'low'], whole };
}

function looksOf({ images }: Edit): Guides {
  return images.slice(1).map((image) => ({ name: 'style', weight: LOOK, params: { image } }));
}

export const openAiDoors: readonly Route[] = [
  route({
    method: 'post',
    path: '/v1/images/generations',
    tag: 'openai',
    dialect: 'openai',
    answers: ANSWERS,
    summary: 'Pictures from words',
    description: TOLD,
    body: generationBody,
    fromJson: withoutNulls,
    nullable: { but: ['user'] },
    async handle(call) {
      const terms = termsOf(call, call.body, wordsOf(call.body));
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
    description: `As a form with files, or as JSON with data URLs. ${TOLD}`,
    body: editBody,
    form: editForm,
    files: ['image', 'mask'],
    fromForm,
    fromJson: withoutNulls,
    nullable: { but: ['user'] },
    handle: (asked) =>
      withSources(asked, async (call) => {
        const { guides, notes } = wordsOf(call.body);
        const edit = editOf(call.body);
        const wholeSize = await wholeSizeOf(edit, call.services.settings.wholePixels);
        const plain = termsOf(call, call.body, { guides: [...guides, ...looksOf(call.body)], notes, wholeSize });
        const terms = { ...plain, work: { ...plain.work, edit, wholeSize } };
        if (call.body.stream) await stream(call, terms, 'image_edit', 'edits');
        else await reply(call, terms, 'edits');
      }),
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
    description: `The nearest picture of the model is found, the first half of its levels kept, the rest generated again. ${TOLD}`,
    answers: { 200: { description: 'The pictures.', schema: imagesResponse } },
    async handle(call) {
      const { image, ...body } = call.body;
      const terms = termsOf(call, { ...PLAIN, ...body }, { guides: [] });
      const found = await encoded(call, image[0] as Uint8Array, terms.model.name);
      if (!found) return;
      const prefix = [found.code.slice(0, Math.ceil(IN_COMMON * found.code.length))];
      const work = { ...terms.work, request: { ...terms.work.request, prefix } };
      await reply(call, { ...terms, work, notes: [...terms.notes, ...found.notes] }, 'variations');
    },
  }),
];
