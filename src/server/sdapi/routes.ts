/**
 * Automatic1111's web API (`/sdapi/v1`), as far as its clients need it. It consists of this folder and its line in
 * `app.ts`; the server works the same without them.
 */
import { z } from 'zod';
import { type RawCall, type Route, route } from '../http/route.ts';
import { infoOf, modelOf } from '../models.ts';
import { sendJson, sendPictures } from '../routes/responses.ts';
import { clientStateOf } from './client-state.ts';
import { titled, translateRequest } from './requests.ts';
import { progressOf, reply } from './responses.ts';
import {
  img2imgBody,
  options,
  optionsBody,
  picturesResponse,
  progress,
  progressQuery,
  txt2imgBody,
} from './schemas.ts';

const tag = 'sdapi';
const nothing = { 200: { description: 'Done.', schema: z.looseObject({}) } };

/** Lists that clients request first; none offers a choice. */
const LISTS: Readonly<Record<string, readonly object[]>> = {
  samplers: [{ name: 'Kandid', aliases: [], options: {} }],
  schedulers: [{ name: 'automatic', label: 'Automatic', aliases: null, default_rho: -1, need_inner_model: false }],
  upscalers: [{ name: 'None', model_name: null, model_path: null, model_url: null, scale: 1 }],
  'latent-upscale-modes': [],
  'sd-vae': [],
};

const listRoutes = Object.entries(LISTS).map(([name, list]) =>
  route({
    method: 'get',
    path: `/sdapi/v1/${name}`,
    tag,
    summary: `Automatic1111's list of ${name}`,
    description: 'Fixed, for clients that request it.',
    answers: { 200: { description: 'The list.', schema: z.array(z.looseObject({})) } },
    handle: (call) => sendJson(call, list),
  }),
);

/** The model in a client's options. */
function chosenBy({ services, client }: RawCall): string | undefined {
  return clientStateOf(services).model(client.name);
}

/** Ends a client's running jobs, with the best pictures so far. */
async function interrupt(call: RawCall): Promise<void> {
  for (const running of clientStateOf(call.services).running(call.client.name)) {
    running.interrupted = true;
    await call.services.jobs.cancel(running.job);
  }
  sendJson(call, {});
}

export const sdapiRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/sdapi/v1/txt2img',
    tag,
    summary: "Pictures from words, in Automatic1111's format",
    description: 'Parameters without a meaning here are ignored, and listed in info.',
    body: txt2imgBody,
    answers: { 200: { description: 'The pictures.', schema: picturesResponse } },
    async handle(call) {
      const translated = await translateRequest(call.body, { chosen: chosenBy(call), edit: null }, call);
      await reply(call, call.body, translated, 'txt2img');
    },
  }),
  route({
    method: 'post',
    path: '/sdapi/v1/img2img',
    tag,
    summary: "Pictures from a picture, in Automatic1111's format",
    description: 'With a mask, the masked part is repainted; otherwise denoising_strength sets how much is kept.',
    body: img2imgBody,
    takesPictures: true,
    answers: { 200: { description: 'The pictures.', schema: picturesResponse } },
    async handle(call) {
      const translated = await translateRequest(call.body, { chosen: chosenBy(call), edit: call.body }, call);
      await reply(call, call.body, translated, 'img2img');
    },
  }),
  route({
    method: 'get',
    path: '/sdapi/v1/progress',
    tag,
    summary: "Progress of the client's newest request",
    query: progressQuery,
    answers: { 200: { description: 'Also if there is no request.', schema: progress } },
    async handle(call) {
      const skips = /^(true|1)$/i.test(call.query.skip_current_image ?? '');
      await sendPictures(call, progressOf(call, !skips));
    },
  }),
  ...['interrupt', 'skip'].map((name) =>
    route({
      method: 'post',
      path: `/sdapi/v1/${name}`,
      tag,
      summary: "Ends the client's requests with the best pictures so far",
      answers: nothing,
      handle: interrupt,
    }),
  ),
  route({
    method: 'get',
    path: '/sdapi/v1/sd-models',
    tag,
    summary: "Lists the models in Automatic1111's format",
    description: 'Only models without a condition picture.',
    answers: { 200: { description: 'Models.', schema: z.array(z.looseObject({ title: z.string() })) } },
    handle(call) {
      const models = infoOf(call.services).models.filter(({ condition }) => !condition);
      const list = models.map(({ name: model_name, hash: sha256 }) => {
        const hash = sha256.slice(0, 10);
        return { title: `${model_name} [${hash}]`, model_name, hash, sha256, filename: model_name, config: null };
      });
      sendJson(call, list);
    },
  }),
  route({
    method: 'get',
    path: '/sdapi/v1/options',
    tag,
    summary: "The client's options: its model",
    answers: { 200: { description: 'Options.', schema: options } },
    handle(call) {
      const { name, hash } = modelOf(call.services, chosenBy(call));
      sendJson(call, {
        sd_model_checkpoint: `${name} [${hash.slice(0, 10)}]`,
        sd_checkpoint_hash: hash,
        samples_format: 'png',
      });
    },
  }),
  route({
    method: 'post',
    path: '/sdapi/v1/options',
    tag,
    summary: "Changes the client's options: its model",
    description: 'Other options are ignored. Applies to this client only, until the server ends.',
    body: optionsBody,
    answers: nothing,
    handle(call) {
      const { sd_model_checkpoint: title } = call.body;
      if (title) clientStateOf(call.services).choose(call.client.name, modelOf(call.services, titled(title)).name);
      sendJson(call, {});
    },
  }),
  ...listRoutes,
];
