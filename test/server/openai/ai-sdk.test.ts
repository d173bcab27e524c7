/** The Images API with Vercel's AI SDK: `generateImage` of its providers for OpenAI and for compatible servers. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, generateImage, type ImageModel } from 'ai';
import sharp from 'sharp';
import { readProvenance } from '../../../src/pictures/provenance.ts';
import { type Serving, serve } from '../serving.ts';
import { holedOf, pngOf } from './pictures.ts';

let serving: Serving;
const models: Record<string, (name?: string) => ImageModel> = {
  openai: (name = 'gpt-image-2.6-flare') => createOpenAI({ baseURL: `${serving.url}/v1`, apiKey: 'none' }).image(name),
  kandid: (name = 'tiny') => createOpenAICompatible({ name: 'kandid', baseURL: `${serving.url}/v1` }).imageModel(name),
};

before(async () => {
  serving = await serve();
});
after(() => serving.close());

const PROMPT = 'red';
const guidesOf = (bytes: Uint8Array) => readProvenance(bytes).guides?.map(({ name }) => name);

for (const [provider, modelOf] of Object.entries(models)) {
  test(`${provider}: generates several pictures with options`, async () => {
    const options = {
      openai: {
        quality: 'xhigh',
        background: 'transparent',
        moderation: 'low',
        complexity: 'low',
        safetyIdentifier: 'somebody',
        user: 'u',
      },
      kandid: { negative_prompt: 'blue', seed: 7, moderation: 'low', safety_identifier: 'somebody' },
    };
    const model = modelOf();
    const asked = { model, prompt: PROMPT, n: 2, size: '64x96', providerOptions: options, maxRetries: 0 } as const;
    const { images, responses, usage } = await generateImage(asked);
    assert.equal(images.length, 2);
    for (const { uint8Array, mediaType } of images) {
      assert.equal(mediaType, 'image/png');
      assert.equal((await sharp(uint8Array).metadata()).width, 64);
    }
    assert.equal(usage.outputTokens, 8);
    const headers = responses[0]?.headers ?? {};
    assert.match(headers['x-kandid-ignored'] ?? '', /safety_identifier/);
    assert.match(headers['x-kandid-changed'] ?? '', /size/);
    assert.match(headers['x-kandid-notes'] ?? '', /64x96/);
    if (provider === 'kandid') assert.equal(headers['x-kandid-seed'], '7');
  });

  test(`${provider}: edits several pictures with a mask, and without`, async () => {
    const [one, other, mask] = [await pngOf(), await pngOf(20), await holedOf()];
    const model = modelOf();
    const masked = await generateImage({ model, prompt: { text: PROMPT, images: [one, other], mask }, maxRetries: 0 });
    assert.deepEqual(guidesOf(masked.image.uint8Array), ['inpaint', 'text', 'style']);
    const whole = await generateImage({ model, prompt: { text: PROMPT, images: [one] }, maxRetries: 0 });
    assert.deepEqual(guidesOf(whole.image.uint8Array), ['target', 'text']);
  });

  test(`${provider}: errors are passed on, and retried only if useful`, async () => {
    const model = modelOf();
    const refused = { openai: { svg: 1 }, kandid: { colour: 1 } };
    for (const [asked, status, message] of [
      [{ model: modelOf('gpt-9'), prompt: PROMPT }, 404, /There is no model "gpt-9"/],
      [{ model, prompt: ' ' }, 400, /prompt: expected some words/],
      ...(provider === 'kandid'
        ? ([[{ model, prompt: PROMPT, providerOptions: refused }, 400, /colour: there is no such field/]] as const)
        : []),
    ] as const) {
      let error: unknown;
      await generateImage({ ...asked, maxRetries: 0 }).catch((thrown: unknown) => {
        error = thrown;
      });
      assert.ok(APICallError.isInstance(error), String(error));
      assert.equal(error.statusCode, status);
      assert.match(error.message, message);
      assert.equal(error.isRetryable, false);
    }
  });

  test(`${provider}: an abort ends the work`, async () => {
    const { jobs } = serving.services;
    const left = new AbortController();
    const model = modelOf();
    const asking = generateImage({ model, prompt: PROMPT, n: 10, size: '2048x2048', abortSignal: left.signal });
    const submitted = () => jobs.list().jobs.find(({ isOpen }) => isOpen);
    while (!submitted()) await new Promise((resolve) => setImmediate(resolve));
    const job = submitted();
    left.abort();
    await assert.rejects(asking, { name: 'AbortError' });
    assert.equal((await job?.ended)?.type, 'cancelled');
  });
}

test('openai: an animated GIF with the requested number of frames', async () => {
  const providerOptions = { openai: { outputFormat: 'gif', frameCount: 3, frameDurationMs: 200 } };
  const { image } = await generateImage({
    model: (models.openai as () => ImageModel)(),
    prompt: PROMPT,
    providerOptions,
  });
  assert.equal(image.mediaType, 'image/gif');
  assert.equal((await sharp(image.uint8Array, { animated: true }).metadata()).pages, 3);
});

test('kandid: pictures by URL', async () => {
  const providerOptions = { kandid: { response_format: 'url' } };
  const { image } = await generateImage({
    model: (models.kandid as () => ImageModel)(),
    prompt: PROMPT,
    providerOptions,
  });
  assert.equal(readProvenance(image.uint8Array).model, 'tiny');
});
