/** Routes of models and guides, and those that only need their descriptions. */

import { z } from 'zod';
import { guide, joined, model, provenance, words } from '../../contract/answers.ts';
import { codeToString, crossCodes } from '../../contract/codes.ts';
import { crossBody, infoBody } from '../../contract/operations.ts';
import { readProvenance } from '../../pictures/provenance.ts';
import { type Route, route } from '../http/route.ts';
import { aliasedModelOf, candidateCountsOf, infoOf, isWildcard, modelOf, wholeCode } from '../models.ts';
import { permalink, urlOf } from './permalinks.ts';
import { sendJson } from './responses.ts';

export const modelRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/v1/models',
    tag: 'models',
    summary: 'Lists the models',
    dialect: 'openai',
    description: "Also in OpenAI's format: `object`, and `data` with an `id` each, which includes aliases.",
    answers: {
      200: {
        description: 'Models.',
        schema: z.looseObject({
          object: z.literal('list'),
          models: z.array(model),
          data: z.array(z.looseObject({ id: z.string() })),
        }),
      },
    },
    handle(call) {
      const { models, defaultModel } = infoOf(call.services);
      const described = models.map((one) => ({ ...one, isDefault: one.name === defaultModel }));
      const aliases = Object.keys(call.services.settings.aliases).filter((alias) => !isWildcard(alias));
      const names = [...models.map(({ name }) => name), ...aliases];
      const data = [...new Set(names)].map((id) => ({ id, object: 'model', created: 0, owned_by: 'kandid' }));
      sendJson(call, { object: 'list', data, models: described });
    },
  }),
  route({
    method: 'get',
    path: '/v1/models/{name}',
    tag: 'models',
    summary: 'One model',
    parts: { name: 'Its name, or an alias.' },
    dialect: 'openai',
    answers: { 200: { description: 'The model.', schema: model } },
    handle(call) {
      const id = call.params.name ?? '';
      const found = aliasedModelOf(call.services, id);
      const isDefault = found.name === infoOf(call.services).defaultModel;
      sendJson(call, { id, object: 'model', created: 0, owned_by: 'kandid', ...found, isDefault });
    },
  }),
  route({
    method: 'get',
    path: '/v1/models/{name}/words',
    tag: 'models',
    summary: 'The words that steer a model',
    parts: { name: 'Its name.' },
    answers: { 200: { description: 'The words.', schema: words } },
    handle(call) {
      const { lexicons } = infoOf(call.services);
      const textModel = modelOf(call.services, call.params.name).textModels.find((one) => Object.hasOwn(lexicons, one));
      const none = { words: [], synonyms: {}, traits: {}, implied: [], colorless: [], absences: {}, groups: {} };
      sendJson(call, { textModel: textModel ?? null, ...(textModel === undefined ? none : lexicons[textModel]) });
    },
  }),
  route({
    method: 'get',
    path: '/v1/guides',
    tag: 'models',
    summary: 'Lists the guides with their parameters',
    answers: { 200: { description: 'Guides.', schema: z.object({ guides: z.array(guide) }) } },
    handle(call) {
      const guides = infoOf(call.services).guides.map(({ name, description, params }) => ({
        name,
        description,
        params,
      }));
      sendJson(call, { guides });
    },
  }),
  route({
    method: 'post',
    path: '/v1/cross',
    tag: 'codes',
    summary: 'The first levels of one code, the rest of another',
    body: crossBody,
    answers: { 200: { description: 'The code.', schema: joined } },
    handle(call) {
      const found = modelOf(call.services, call.body.model);
      const candidates = candidateCountsOf(found);
      const [a, b] = [wholeCode(call.body.a, found), wholeCode(call.body.b, found)];
      const code = crossCodes(a, b, call.body.at, candidates);
      const codeString = codeToString(code, candidates);
      const path = permalink({ model: found.name, hash: found.hash }, codeString, { format: 'png' });
      const url = found.condition ? null : urlOf(call, path);
      sendJson(call, { code, codeString, url });
    },
  }),
  route({
    method: 'post',
    path: '/v1/info',
    tag: 'codes',
    summary: 'How a picture was made, from its file',
    body: infoBody,
    files: ['image'],
    answers: { 200: { description: 'Its metadata.', schema: provenance } },
    handle: (call) => sendJson(call, readProvenance(call.body.image)),
  }),
];
