/** OpenAI's Images API. */
import type { GenerateRequest } from '../../contract/requests.ts';
import type { Edit as EditWork } from '../../worker/messages.ts';
import { type Answer, type Route, route } from '../http/route.ts';
import { wholeSizeOf } from '../jobs/whole-pictures.ts';
import { fromForm, withoutNulls } from '../openai/forms.ts';
import { translateRequest, wordsOf } from '../openai/requests.ts';
import { encoded, reply, stream } from '../openai/responses.ts';
import { editBody, editForm, generationBody, imagesResponse, PLAIN, variationBody } from '../openai/schemas.ts';
import { type Edit, withSources } from '../openai/sources.ts';

type Guides = NonNullable<GenerateRequest['guides']>;

const ANSWERS: Readonly<Record<number, Answer>> = {
  200: { description: 'The pictures; with stream, events.', schema: imagesResponse, types: ['text/event-stream'] },
};

const DEVIATIONS =
  'Headers report deviations from the request: x-kandid-ignored lists fields without a meaning here, x-kandid-changed fields replaced by the nearest possible value (the setting openaiRequests=strict refuses them), x-kandid-notes the notes of the response as a JSON list. When the client disconnects, the work ends; with an Idempotency-Key it continues for a few seconds, and repeating the request returns its result.';

/** Share of a picture's levels that its variations keep. */
const IN_COMMON = 0.5;

/** Weights relative to 1 for the prompt. */
const KEPT = { low: 0.5, high: 2 };
const LOOK = 0.3;

/** The picture itself is inspected in a worker, where it is decoded. */
function editOf({ images, mask, input_fidelity, whole }: Edit): EditWork {
  return { image: images[0] as Uint8Array, mask, weight: KEPT[input_fidelity ?? 'low'], whole };
}

function looksOf({ images }: Edit): Guides {
  return images.slice(1).map((image) => ({ name: 'style', weight: LOOK, params: { image } }));
}

export const openAiRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/v1/images/generations',
    tag: 'openai',
    dialect: 'openai',
    answers: ANSWERS,
    summary: 'Pictures from words',
    description: DEVIATIONS,
    body: generationBody,
    fromJson: withoutNulls,
    nullable: { but: ['user'] },
    async handle(call) {
      const translated = translateRequest(call, call.body, wordsOf(call.body));
      if (call.body.stream) await stream(call, translated, 'image_generation', 'generations');
      else await reply(call, translated, 'generations');
    },
  }),
  route({
    method: 'post',
    path: '/v1/images/edits',
    tag: 'openai',
    dialect: 'openai',
    answers: ANSWERS,
    summary: 'Pictures from a picture and words',
    description: `As a form with files, or as JSON with data URLs. ${DEVIATIONS}`,
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
        const plain = translateRequest(call, call.body, {
          guides: [...guides, ...looksOf(call.body)],
          notes,
          wholeSize,
        });
        const translated = { ...plain, work: { ...plain.work, edit, wholeSize } };
        if (call.body.stream) await stream(call, translated, 'image_edit', 'edits');
        else await reply(call, translated, 'edits');
      }),
  }),
  route({
    method: 'post',
    path: '/v1/images/variations',
    tag: 'openai',
    dialect: 'openai',
    fromForm,
    summary: 'Variations of a picture',
    body: variationBody,
    files: ['image'],
    formOnly: true,
    description: `Finds the model's nearest picture, keeps the first half of its levels and generates the rest again. ${DEVIATIONS}`,
    answers: { 200: { description: 'The pictures.', schema: imagesResponse } },
    async handle(call) {
      const { image, ...body } = call.body;
      const translated = translateRequest(call, { ...PLAIN, ...body }, { guides: [] });
      const found = await encoded(call, image[0] as Uint8Array, translated.model.name);
      if (!found) return;
      const prefix = [found.code.slice(0, Math.ceil(IN_COMMON * found.code.length))];
      const work = { ...translated.work, request: { ...translated.work.request, prefix } };
      await reply(call, { ...translated, work, notes: [...translated.notes, ...found.notes] }, 'variations');
    },
  }),
];
