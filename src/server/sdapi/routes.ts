/**
 * Automatic1111's web API (`/sdapi/v1`), as far as its clients need it. This folder and its line in `app.ts` are all of it:
 * without them the server is the same.
 */
import { z } from 'zod';
import { type RawCall, type Route, route } from '../http/route.ts';
import { infoOf, modelOf } from '../models.ts';
import { sendJson, sendPictures } from '../routes/responses.ts';
import { deskOf } from './desk.ts';
import { askedOf, titled } from './requests.ts';
import { progressOf, reply } from './responses.ts';
import { img2imgBody, made, options, optionsBody, progress, progressQuery, txt2imgBody } from './schemas.ts';

const tag = 'sdapi';
const nothing = { 200: { description: 'Done.', schema: z.looseObject({}) } };

/** What clients list before they ask for pictures; none of it can be chosen. */
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
    description: 'There is nothing to choose: clients ask for it.',
    answers: { 200: { description: 'The list.', schema: z.array(z.looseObject({})) } },
    handle: (call) => sendJson(call, list),
  }),
);

/** The model of a client's options. */
function chosenBy({ services, client }: RawCall): string | undefined {
  return deskOf(services).model(client.name);
}

/** Ends what runs for a client, with the best pictures so far. */
async function interrupt(call: RawCall): Promise<void> {
  for (const running of deskOf(call.services).running(call.client.name)) {
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
    summary: 'Pictures from words, as Automatic1111 has it',
    description: 'Parameters without a meaning here are left aside, and named in info.',
    body: txt2imgBody,
    answers: { 200: { description: 'The pictures.', schema: made } },
    async handle(call) {
      const asked = await askedOf(call.body, { chosen: chosenBy(call), edit: null }, call);
      await reply(call, call.body, asked, 'txt2img');
    },
  }),
  route({
    method: 'post',
    path: '/sdapi/v1/img2img',
    tag,
    summary: 'Pictures from a picture, as Automatic1111 has it',
    description: 'With a mask it is repainted there; else denoising_strength says how much of it is kept.',
    body: img2imgBody,
    takesPictures: true,
    answers: { 200: { description: 'The pictures.', schema: made } },
    async handle(call) {
      const asked = await askedOf(call.body, { chosen: chosenBy(call), edit: call.body }, call);
      await reply(call, call.body, asked, 'img2img');
    },
  }),
  route({
    method: 'get',
    path: '/sdapi/v1/progress',
    tag,
    summary: "How far the client's newest request is",
    query: progressQuery,
    answers: { 200: { description: 'Also where there is none.', schema: progress } },
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
    summary: 'The models, as Automatic1111 lists them',
    description: 'Those that need no condition picture.',
    answers: { 200: { description: 'Models.', schema: z.array(z.looseObject({ title: z.string() })) } },
    handle(call) {
      const models = infoOf(call.services).models.filter(({ condition }) => !condition);
      const told = models.map(({ name: model_name, hash: sha256 }) => {
        const hash = sha256.slice(0, 10);
        return { title: `${model_name} [${hash}]`, model_name, hash, sha256, filename: model_name, config: null };
      });
      sendJson(call, told);
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
    description: 'Others are left aside. It is of this client alone, and until the server ends.',
    body: optionsBody,
    answers: nothing,
    handle(call) {
      const { sd_model_checkpoint: title } = call.body;
      if (title) deskOf(call.services).choose(call.client.name, modelOf(call.services, titled(title)).name);
      sendJson(call, {});
    },
  }),
  ...listRoutes,
];
