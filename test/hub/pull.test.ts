import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { KandidError } from '../../src/errors.ts';
import { Connection, hubSettings } from '../../src/hub/connection.ts';
import { type PullOptions, pull } from '../../src/hub/pull.ts';
import { uniform } from '../../src/kit/mulberry32.ts';
import { verifyFiles } from '../../src/runtime/bundle.ts';
import { findModels } from '../../src/runtime/models.ts';
import { COMMIT, type Hub, type HubOptions, startHub } from './hub.ts';

const random = uniform(18);
const bytesOf = (length: number) => Buffer.from(Array.from({ length }, () => Math.floor(256 * random())));

const CLIP = {
  'config.json': Buffer.from('{"model_type": "clip"}'),
  'preprocessor_config.json': Buffer.from('{"size": 224}'),
  'tokenizer.json': bytesOf(3000),
  'tokenizer_config.json': Buffer.from('{}'),
  'onnx/text_model.onnx': bytesOf(200_000),
  'onnx/vision_model.onnx': bytesOf(400_000),
  'onnx/text_model_quantized.onnx': bytesOf(50_000),
  'onnx/vision_model_quantized.onnx': bytesOf(100_000),
  'onnx/decoder.onnx': bytesOf(10),
  'README.md': Buffer.from('# A CLIP'),
};

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kandid-pull-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function pulling(t: TestContext, options: HubOptions, more: Partial<PullOptions> = {}) {
  const hub = await startHub(t, options);
  const models = more.models ?? (await folderOf(t));
  const start = (source: string, connection = hub.connection()) =>
    pull(source, connection, { models, command: 'a test', pauseMs: 1, ...more });
  return { hub, models, start };
}

/** Checks that the files of a model equal those of the hub, and are those listed in model.json. */
async function assertClip(folder: string, names: readonly (keyof typeof CLIP)[]): Promise<void> {
  for (const name of names) assert.deepEqual(await readFile(join(folder, name)), CLIP[name], name);
  const { files, kind } = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8'));
  assert.equal(kind, 'clip');
  assert.deepEqual(Object.keys(files).sort(), [...names].sort());
  await verifyFiles(folder, files);
}

const WHOLE: readonly (keyof typeof CLIP)[] = [
  'config.json',
  'preprocessor_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'onnx/text_model.onnx',
  'onnx/vision_model.onnx',
];

test('a CLIP is downloaded: the necessary files, verified, with the licence of its card', async (t) => {
  const { start, models } = await pulling(t, { files: CLIP, licence: 'mit' });
  const pulled = await start('hf:OWNER/NAME');
  assert.equal(pulled.name, 'name');
  assert.equal(pulled.licence.weights, 'mit');
  await assertClip(pulled.folder, WHOLE);
  const [found] = await findModels([models]);
  assert.deepEqual([found?.name, found?.manifest?.kind, found?.manifest?.made?.commit], ['name', 'clip', COMMIT]);
  assert.deepEqual(await readdir(models), ['name'], 'nothing is left beside it');
});

test('paged file lists, and another number format', async (t) => {
  const { start } = await pulling(t, { files: CLIP, isPaged: true }, { format: 'q8', name: 'small' });
  const { folder } = await start('hf:OWNER/NAME@some/branch');
  const small = WHOLE.map((name) => name.replace('_model.onnx', '_model_quantized.onnx') as keyof typeof CLIP);
  await assertClip(folder, small);
});

test('a download cut at 20 random points resumes to the same bytes', async (t) => {
  let most = 0;
  const cutAfter = (answer: number) => (answer <= 20 ? Math.floor(60_000 * random()) : null);
  const { start, hub } = await pulling(
    t,
    { files: CLIP, cutAfter },
    {
      progress: () => {
        most += 1;
      },
    },
  );
  const { folder } = await start('hf:OWNER/NAME');
  await assertClip(folder, WHOLE);
  const resumed = hub.asked.filter((line) => / bytes=[1-9]/.test(line));
  assert.ok(resumed.length >= 10, `${resumed.length} resumed: ${hub.asked}`);
  assert.ok(most > 5);
});

test('killed at 20 random points, a later command resumes; incomplete models are never listed', async (t) => {
  const models = await folderOf(t);
  const fetched: number[] = [];
  for (let i = 0; i < 20; i++) {
    const controller = new AbortController();
    const limit = Math.floor(30_000 * random());
    let bytes = 0;
    let before = 0;
    const progress = (done: number) => {
      bytes += Math.max(0, done - before);
      before = done;
      if (bytes > limit) controller.abort();
    };
    const { start } = await pulling(t, { files: CLIP }, { models, signal: controller.signal, progress });
    await start('hf:OWNER/NAME').catch((error: unknown) => assert.match(String(error), /Abort/));
    const whole = (await findModels([models])).length;
    assert.equal(whole, controller.signal.aborted ? 0 : 1);
    fetched.push(bytes);
    if (whole === 1) break;
  }
  const { start, hub } = await pulling(t, { files: CLIP }, { models });
  if ((await findModels([models])).length === 0) await start('hf:OWNER/NAME');
  await assertClip(join(models, 'name'), WHOLE);
  assert.ok(fetched.length > 2 && hub.asked.length >= 0);
});

test('a server without ranges is read from the start again', async (t) => {
  const cutAfter = (answer: number) => (answer === 6 ? 100_000 : null);
  const { start } = await pulling(t, { files: CLIP, hasRanges: false, cutAfter });
  await assertClip((await start('hf:OWNER/NAME')).folder, WHOLE);
});

test('bytes that do not match the hash of the hub are discarded and reported', async (t) => {
  const replace = (path: string) => (path === 'onnx/vision_model.onnx' ? Buffer.alloc(400_000, 1) : null);
  const { start, models } = await pulling(t, { files: CLIP, replace });
  await assert.rejects(start('hf:OWNER/NAME'), isError('hub_changed'));
  assert.deepEqual(await findModels([models]), []);
});

test('a small file modified in transit is reported too', async (t) => {
  const replace = (path: string) => (path === 'tokenizer.json' ? Buffer.alloc(3000, 1) : null);
  const { start } = await pulling(t, { files: CLIP, replace });
  await assert.rejects(start('hf:OWNER/NAME'), isError('hub_changed'));
});

test('the partial download of another version is discarded', async (t) => {
  const { start, models } = await pulling(t, { files: CLIP });
  const old = join(models, '.pull-name', 'onnx', 'text_model.onnx.part');
  await mkdir(dirname(old), { recursive: true });
  await writeFile(old, Buffer.alloc(150_000, 7));
  await assertClip((await start('hf:OWNER/NAME')).folder, WHOLE);
});

test('the token is sent to the hub, but not to redirect targets', async (t) => {
  const { start, hub } = await pulling(t, { files: CLIP, token: 'secret' });
  await assert.rejects(start('hf:OWNER/NAME'), isError('hub_refused'));
  await start('hf:OWNER/NAME', hub.connection('secret'));
  assert.deepEqual(hub.leaked, []);
});

test('missing or unsuitable repositories and connection failures are reported', async (t) => {
  const { start } = await pulling(t, { files: { 'config.json': Buffer.from('{}') } });
  await assert.rejects(start('hf:OWNER/OTHER'), isError('hub_missing'));
  await assert.rejects(start('hf:OWNER/NAME'), isError('hub_unfit'));
  await assert.rejects(start('clip-vit-base-patch23'), isError('hub_unknown', /clip-vit-base-patch32/));
  await assert.rejects(start('hf:OWNER/..'), isError('option_invalid'));
  const gone = new Connection({ endpoint: 'http://127.0.0.1:9', token: null, cache: '/nowhere' });
  t.after(() => gone.close());
  await assert.rejects(start('hf:OWNER/NAME', gone), isError('hub_failed'));
});

test('file names that lead out of the folder are ignored', async (t) => {
  const files = { ...CLIP, 'onnx/text_model.onnx_data/../../../../evil': bytesOf(10) };
  const { start, models } = await pulling(t, { files });
  await assertClip((await start('hf:OWNER/NAME')).folder, WHOLE);
  assert.deepEqual(await readdir(dirname(models)).then((all) => all.filter((name) => name === 'evil')), []);
});

test('a checkpoint is downloaded and imported in one command', async (t) => {
  const checkpoint = gunzipSync(await readFile('test/fixtures/checkpoints/small-ramp.pkl.gz'));
  const { start, models } = await pulling(t, { files: { 'weights/faces.pkl': checkpoint }, licence: 'mit' });
  const pulled = await start('hf:OWNER/NAME:weights/faces.pkl');
  const [found] = await findModels([models]);
  assert.deepEqual([pulled.kind, found?.name, found?.manifest?.kind], ['checkpoint', 'faces', 'pyramid']);
  assert.equal(found?.manifest?.licence.weights, 'mit');
  assert.deepEqual(await readdir(models), ['faces']);
});

test('a checkpoint at a plain URL resumes', async (t) => {
  const checkpoint = gunzipSync(await readFile('test/fixtures/checkpoints/small-ramp.pkl.gz'));
  const cutAfter = (answer: number) => (answer === 1 ? 50_000 : null);
  const { start, hub } = await pulling(t, { files: { 'faces.pkl': checkpoint }, cutAfter }, { licence: 'ours' });
  const { licence } = await start(`${hub.endpoint}/OWNER/NAME/resolve/main/faces.pkl`);
  assert.equal(licence.weights, 'ours');
  assert.ok(
    hub.asked.some((line) => / bytes=[1-9]/.test(line)),
    String(hub.asked),
  );
});

test('a bundle on the hub is downloaded by the files of its model.json', async (t) => {
  const names = (await readdir('models/tiny')).sort();
  const files = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(`models/tiny/${name}`)])),
  );
  const { start } = await pulling(t, { files: { ...files, 'notes.txt': Buffer.from('x') } });
  const { folder, kind } = await start('hf:OWNER/NAME');
  assert.equal(kind, 'bundle');
  assert.deepEqual((await readdir(folder)).sort(), names);
});

test('files in the cache of another program are copied and verified', async (t) => {
  const { start, hub } = await pulling(t, { files: CLIP });
  const cache = await folderOf(t);
  const snapshot = join(cache, 'models--OWNER--NAME', 'snapshots', COMMIT, 'onnx');
  await mkdir(snapshot, { recursive: true });
  await writeFile(join(snapshot, 'vision_model.onnx'), CLIP['onnx/vision_model.onnx']);
  await writeFile(join(snapshot, 'text_model.onnx'), 'damaged');
  const connection = new Connection({ endpoint: hub.endpoint, token: null, cache });
  t.after(() => connection.close());
  await assertClip((await start('hf:OWNER/NAME', connection)).folder, WHOLE);
  assert.ok(!asksFor(hub, 'vision_model.onnx') && asksFor(hub, 'text_model.onnx'), String(hub.asked));
});

function asksFor(hub: Hub, file: string): boolean {
  return hub.asked.some((line) => line.includes(`/resolve/${COMMIT}/onnx/${file}`));
}

test('environment variables of the hub are respected', async (t) => {
  const home = await folderOf(t);
  await writeFile(join(home, 'token'), 'stored\n');
  const settings = await hubSettings({ HF_HOME: home, HF_ENDPOINT: 'http://127.0.0.1:1/' });
  assert.deepEqual(settings, { endpoint: 'http://127.0.0.1:1', token: 'stored', cache: join(home, 'hub') });
  assert.equal((await hubSettings({ HF_HOME: home, HF_TOKEN: 'given' })).token, 'given');
  assert.equal((await hubSettings({ HF_HOME: join(home, 'none') })).token, null);
});

test('an existing name is refused before the download', async (t) => {
  const { start, models, hub } = await pulling(t, { files: CLIP });
  await mkdir(join(models, 'name'));
  await assert.rejects(start('hf:OWNER/NAME'), isError('bundle_exists'));
  assert.deepEqual(hub.asked, []);
});

function isError(code: string, message = /./) {
  return (error: unknown) => {
    assert.ok(error instanceof KandidError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  };
}
