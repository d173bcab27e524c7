/** Automatic1111's web API, with requests like those of its clients; `scripts/tests/server/test_webui_client.py` uses a real one. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { readProvenance } from '../../../src/pictures/provenance.ts';
import { holedOf, pngOf } from '../openai/pictures.ts';
import { post, type Serving, serve } from '../serving.ts';

let serving: Serving;
before(async () => {
  serving = await serve();
});
after(() => serving.close());

interface Made {
  readonly images: readonly string[];
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly info: string;
}
interface Info {
  readonly seed: number;
  readonly all_seeds: readonly number[];
  readonly infotexts: readonly string[];
  readonly ignored: readonly string[];
  readonly notes: readonly string[];
  readonly sd_model_name: string;
}

const ask = (path: string, body: object, headers = {}) => post(`${serving.url}/sdapi/v1/${path}`, body, headers);
const get = async (path: string) => await (await fetch(`${serving.url}/sdapi/v1/${path}`)).json();
async function made(
  path: string,
  body: object,
): Promise<{ files: Buffer[]; info: Info; parameters: Made['parameters'] }> {
  const response = await ask(path, body);
  assert.equal(response.status, 200, await response.clone().text());
  const { images, info, parameters } = (await response.json()) as Made;
  return { files: images.map((image) => Buffer.from(image, 'base64')), info: JSON.parse(info), parameters };
}
const guidesOf = (file: Buffer | undefined) => readProvenance(file as Buffer).guides ?? [];
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

test('txt2img: pictures from a prompt; unsupported fields are listed in info', async () => {
  const asked = { prompt: 'red', negative_prompt: 'blue', seed: 5, batch_size: 2, n_iter: 2, width: 64, height: 96 };
  const more = { steps: 20, cfg_scale: 7, sampler_name: 'Euler a', styles: [], restore_faces: false, script_args: [] };
  const { files, info, parameters } = await made('txt2img', { ...asked, ...more });
  assert.equal(files.length, 4);
  assert.equal((await sharp(files[0]).metadata()).width, 64);
  assert.deepEqual(guidesOf(files[0])[0]?.params, { prompt: 'red', negative: 'blue' });
  assert.deepEqual([info.seed, info.all_seeds, info.sd_model_name], [5, [5, 5, 5, 5], 'tiny']);
  assert.deepEqual(info.ignored, ['steps', 'cfg_scale', 'sampler_name']);
  assert.match(info.notes.join(), /The size 64x96 was asked for; it is 64x64/);
  assert.match(info.infotexts[0] ?? '', /^red\nNegative prompt: blue\nSteps: 4, Seed: 5, Size: 64x64, Model: tiny/);
  assert.equal(parameters.cfg_scale, 7);
  const [one, other] = [await made('txt2img', {}), await made('txt2img', { seed: -1, send_images: false })];
  assert.notEqual(one.info.seed, other.info.seed);
  assert.deepEqual([one.files.length, other.files.length, guidesOf(one.files[0])], [1, 0, []]);
  const long = await made('txt2img', { prompt: 'red '.repeat(300), width: 8, height: 8, negative_prompt: 'blue' });
  assert.match(long.info.notes.join(), /its first 499 were read/);
});

test('img2img: a mask, inverted or not; without a mask, by strength', async () => {
  const [image, hole] = [base64(await pngOf()), await holedOf()];
  const mask = base64(await sharp(hole).extractChannel('alpha').negate().png().toBuffer());
  const body = { init_images: [`data:image/png;base64,${image}`], prompt: 'red', negative_prompt: 'blue' };
  const masked = await made('img2img', { ...body, mask, mask_blur: 4, inpainting_fill: 1 });
  assert.deepEqual(
    guidesOf(masked.files[0]).map(({ name, params }) => [name, params]),
    [
      ['inpaint', { invert: false }],
      ['text', { prompt: 'red', negative: 'blue' }],
    ],
  );
  assert.deepEqual(masked.info.ignored, ['inpainting_fill']);
  assert.deepEqual([masked.parameters.init_images, masked.parameters.mask], [null, null]);
  const wide = base64(
    await sharp(await pngOf())
      .resize(32, 16, { fit: 'fill' })
      .png()
      .toBuffer(),
  );
  const wideMask = base64(await sharp(Buffer.from(mask, 'base64')).resize(32, 16, { fit: 'fill' }).png().toBuffer());
  const kept = await made('img2img', { init_images: [wide], mask: wideMask, prompt: 'red', width: 128, height: 128 });
  const { width, height } = await sharp(kept.files[0]).metadata();
  assert.deepEqual([width, height], [128, 64]);
  assert.match(kept.info.notes.join(), /The size 128x128 was asked for; it is 128x64/);
  const inverted = await made('img2img', { ...body, mask, inpainting_mask_invert: 1 });
  assert.deepEqual(guidesOf(inverted.files[0])[0]?.params, { invert: true });
  const free = await made('img2img', { ...body, mask: null, init_images: [image, image], denoising_strength: 0.25 });
  assert.deepEqual(
    guidesOf(free.files[0]).map(({ name, weight }) => [name, weight]),
    [
      ['target', 1.5],
      ['text', 1],
    ],
  );
  assert.deepEqual(free.info.ignored, ['init_images after the first']);
});

test('models and options: listed, selected per client or per request', async () => {
  const models = (await get('sd-models')) as { title: string; sha256: string }[];
  const [tiny] = models;
  assert.match(tiny?.title ?? '', /^tiny \[[0-9a-f]{10}\]$/);
  assert.equal(((await get('options')) as { sd_model_checkpoint: string }).sd_model_checkpoint, tiny?.title);
  assert.equal((await ask('options', { sd_model_checkpoint: tiny?.title, samples_format: 'jpg' })).status, 200);
  assert.equal((await ask('options', { sd_model_checkpoint: 'none' })).status, 404);
  const named = await ask('txt2img', { override_settings: { sd_model_checkpoint: 'none', eta: 1 } });
  assert.match(((await named.json()) as { detail: string }).detail, /There is no model "none"/);
  const { info } = await made('txt2img', {
    override_settings: { sd_model_checkpoint: 'tiny', CLIP_stop_at_last_layers: 2 },
  });
  assert.deepEqual(info.ignored, ['override_settings.CLIP_stop_at_last_layers']);
  for (const list of ['samplers', 'schedulers', 'upscalers', 'latent-upscale-modes', 'sd-vae'])
    assert.ok(Array.isArray(await get(list)), list);
});

interface Progress {
  readonly progress: number;
  readonly state: { readonly job_count: number; readonly sampling_step: number; readonly sampling_steps: number };
  readonly current_image: string | null;
}

test('progress with the current picture; an interrupt returns the best so far; then idle', async () => {
  const idle = (await get('progress')) as Progress;
  assert.deepEqual([idle.progress, idle.state.job_count, idle.current_image], [0, 0, null]);
  const asking = made('txt2img', { width: 2048, height: 2048, batch_size: 10, seed: 1 });
  let seen: Progress;
  do seen = (await get('progress')) as Progress;
  while (seen.current_image === null);
  assert.equal((await sharp(Buffer.from(seen.current_image, 'base64')).metadata()).format, 'png');
  assert.ok(seen.progress > 0 && seen.state.sampling_steps === 4 && seen.state.job_count === 1);
  const without = (await get('progress?skip_current_image=true')) as Progress;
  assert.equal(without.current_image, null);
  assert.equal((await ask('interrupt', {})).status, 200);
  const { files } = await asking;
  assert.ok(files.length < 10);
  assert.equal(((await get('progress')) as Progress).state.job_count, 0);
});

test('errors are those of the server, with a sentence in detail', async () => {
  for (const [path, body, status, detail] of [
    ['img2img', { prompt: 'x' }, 400, /init_images/],
    ['img2img', { init_images: ['!'] }, 400, /init_images\.0/],
    ['img2img', { init_images: [base64(Buffer.from('no'))] }, 415, /not a picture/],
    ['txt2img', { batch_size: 200, n_iter: 2 }, 400, /batch_size: with n_iter it makes 400 pictures/],
    ['txt2img', { width: 2048, height: 2048, batch_size: 100 }, 400, /number of pixels/],
    ['txt2img', { seed: 'x' }, 400, /seed/],
  ] as const) {
    const response = await ask(path, body);
    const told = (await response.json()) as { detail: string };
    assert.equal(response.status, status, told.detail);
    assert.match(told.detail, detail);
  }
});

test('a key is accepted as the password of Basic authentication; clients see their own requests only', async () => {
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const apiKeys = [{ name: 'one', sha256: sha256('k-1') }];
  const own = await serve({ auth: 'on', apiKeys });
  try {
    const basic = (text: string) => ({ authorization: `Basic ${base64(Buffer.from(text))}` });
    const statusOf = async (headers: Record<string, string>) =>
      (await fetch(`${own.url}/sdapi/v1/options`, { headers })).status;
    assert.deepEqual(
      [
        await statusOf(basic('user:k-1')),
        await statusOf(basic('user:k-2')),
        await statusOf(basic('')),
        await statusOf({}),
      ],
      [200, 401, 401, 401],
    );
  } finally {
    await own.close();
  }
  assert.equal((await ask('txt2img', {}, { authorization: 'Basic ' })).status, 200);
});
