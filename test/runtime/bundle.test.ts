import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cp, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ErrorCode, KandidError } from '../../src/errors.ts';
import { integers, type Tensor, tensor } from '../../src/kit/tensor.ts';
import { type LoadOptions, loadBundle } from '../../src/runtime/bundle.ts';
import { checkFiles } from '../../src/runtime/bundle-files.ts';
import { Sessions } from '../../src/runtime/sessions.ts';
import { copyOfTiny, editManifest, record, TINY } from './copies.ts';

interface Vectors {
  hash: string;
  decode: { code: number[]; image: number[] }[];
  /** Every candidate of each level along a code, [K, c, side, side]. */
  step: { code: number[]; candidates: number[][] };
}

const vectors: Vectors = JSON.parse(await readFile('test/fixtures/tiny-vectors.json', 'utf8'));

/** The error of loading, after which nothing may stay open. */
async function refusal(folder: string, code: ErrorCode, options: LoadOptions = {}): Promise<KandidError> {
  const sessions = new Sessions();
  const caught = await loadBundle(folder, { sessions, ...options }).catch((error: unknown) => error);
  assert.ok(caught instanceof KandidError, `got ${caught}`);
  assert.equal(caught.code, code, caught.message);
  assert.equal(sessions.size, 0, 'graphs stayed open');
  return caught;
}

test('models/tiny opens: levels, hash, tensors', async () => {
  const sessions = new Sessions();
  const bundle = await loadBundle(TINY, { sessions });
  assert.equal(bundle.name, 'tiny');
  assert.equal(bundle.levels.length, bundle.manifest.levels.length);
  assert.equal(bundle.hash, vectors.hash);
  const nodes = (await bundle.tensors(['levels.0.nodes.weight'])).get('levels.0.nodes.weight');
  assert.deepEqual(nodes?.dims, [4, 2, 3, 8]);
  await bundle.release();
  assert.equal(sessions.size, 0);
});

test('decode.onnx draws the same pictures as torch', async () => {
  const bundle = await loadBundle(TINY, { sessions: new Sessions() });
  const codes = vectors.decode.flatMap(({ code }) => code);
  const { image } = await bundle.decode.run({ codes: integers(codes, [vectors.decode.length, 4]) }, ['image']);
  await bundle.release();
  close(
    image?.data,
    vectors.decode.flatMap(({ image }) => image),
  );
});

/** One of the candidates [1, K, …] as a batch of one. */
function candidateOf({ data, dims: [, , ...shape] }: Tensor, choice: number): Tensor {
  const size = shape.reduce((product, dim) => product * dim, 1);
  return tensor(data.slice(choice * size, (choice + 1) * size), [1, ...shape]);
}

test('the step path draws the same candidates as torch, level by level', async () => {
  const bundle = await loadBundle(TINY, { sessions: new Sessions() });
  const { code, candidates } = vectors.step;
  let out = await bundle.levels[0]?.run({ batch: integers([1]) });
  close(out?.candidates?.data, candidates[0] as number[]);
  for (let level = 1; level < code.length; level++) {
    const choice = code[level - 1] as number;
    const { candidates: proposed, next_features: features } = out as Record<string, Tensor>;
    const predict = candidateOf(proposed as Tensor, choice);
    out = await bundle.levels[level]?.run({ features: features as Tensor, predict, choice: integers([choice]) });
    close(out?.candidates?.data, candidates[level] as number[]);
  }
  await bundle.release();
});

test('a missing file is reported with its size', async (t) => {
  const folder = await copyOfTiny(t);
  await rm(join(folder, 'weights.safetensors'));
  const error = await refusal(folder, 'bundle_file_missing');
  assert.match(error.message, /"tiny": weights\.safetensors is missing, expected \d+ bytes\. Copy or download/);
});

test('a single changed byte is detected', async (t) => {
  const folder = await copyOfTiny(t);
  const path = join(folder, 'weights.safetensors');
  const bytes = await readFile(path);
  bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
  await writeFile(path, bytes);
  const error = await refusal(folder, 'bundle_file_changed');
  assert.equal(error.details.file, 'weights.safetensors');
  assert.match(error.message, /has sha256 [0-9a-f]{64}, expected [0-9a-f]{64}/);
});

test('a truncated file is detected by its size', async (t) => {
  const folder = await copyOfTiny(t);
  await truncate(join(folder, 'decode.onnx'), 100);
  const error = await refusal(folder, 'bundle_file_changed');
  assert.match(error.message, /decode\.onnx has size 100 bytes, expected \d+ bytes/);
});

for (const version of [0, 2, '1', undefined])
  test(`format version ${version} is unknown`, async (t) => {
    const folder = await copyOfTiny(t);
    await editManifest(folder, (manifest) => {
      manifest.format_version = version;
    });
    const error = await refusal(folder, 'bundle_version');
    assert.match(error.message, /expected 1\. Update Kandid/);
  });

test('swapped graphs are refused, even with matching hashes', async (t) => {
  const folder = await copyOfTiny(t);
  await cp(join(TINY, 'level-01.onnx'), join(folder, 'level-02.onnx'));
  await record(folder, 'level-02.onnx');
  const error = await refusal(folder, 'bundle_graph');
  assert.equal(
    error.message,
    'Bundle "tiny": level-02.onnx does not fit model.json: output "candidates" is float32 [batch, 4, 3, 4, 4], ' +
      'expected float32 [batch, 4, 3, 8, 8]. Export the bundle again.',
  );
});

test('a graph with other inputs is refused', async (t) => {
  const folder = await copyOfTiny(t);
  await cp(join(TINY, 'level-00.onnx'), join(folder, 'decode.onnx'));
  await record(folder, 'decode.onnx');
  assert.match(
    (await refusal(folder, 'bundle_graph')).message,
    /input "codes" is missing, expected int64 \[batch, 4\]/,
  );
});

test('a level that differs from model.json is refused', async (t) => {
  const folder = await copyOfTiny(t);
  await editManifest(folder, (manifest) => {
    manifest.levels[3].candidates = 8;
  });
  assert.match((await refusal(folder, 'bundle_graph')).message, /level-03\.onnx/);
});

test('a condition that the graphs do not use is refused', async (t) => {
  const folder = await copyOfTiny(t);
  await editManifest(folder, (manifest) => {
    manifest.condition = { kind: 'grayscale', channels: 1 };
  });
  assert.match((await refusal(folder, 'bundle_graph')).message, /input "condition" is missing/);
});

test('a file that is not a graph is reported', async (t) => {
  const folder = await copyOfTiny(t);
  await writeFile(join(folder, 'level-01.onnx'), 'no graph');
  await record(folder, 'level-01.onnx');
  assert.match((await refusal(folder, 'graph_unreadable')).message, /level-01\.onnx could not be opened/);
});

for (const name of ['../tiny/decode.onnx', '/etc/passwd', '..', 'a/../../b', '.hidden', 'a\\b', 'C:/x', ''])
  test(`the file name "${name}" is refused`, async (t) => {
    const folder = await copyOfTiny(t);
    await editManifest(folder, (manifest) => {
      manifest.files[name] = manifest.files['decode.onnx'];
    });
    assert.equal((await refusal(folder, 'bundle_file_name')).details.file, name);
  });

test('a graph that is not listed in files is refused', async (t) => {
  const folder = await copyOfTiny(t);
  await editManifest(folder, (manifest) => {
    manifest.graphs.decode = '../../decode.onnx';
  });
  assert.match((await refusal(folder, 'bundle_invalid')).message, /files lacks/);
});

test('a model of another kind is refused as a generator', async (t) => {
  const folder = await copyOfTiny(t);
  await editManifest(folder, (manifest) => {
    manifest.kind = 'classifier';
  });
  assert.match((await refusal(folder, 'model_kind')).message, /is a classifier, expected a pyramid/);
});

test('a missing folder, and a folder without model.json', async (t) => {
  const folder = await copyOfTiny(t);
  await rm(join(folder, 'model.json'));
  await refusal(folder, 'file_unreadable');
  await refusal('no/such/folder', 'file_unreadable');
});

function close(actual: Float32Array | undefined, expected: readonly number[]): void {
  assert.equal(actual?.length, expected.length);
  for (const [i, value] of expected.entries())
    assert.ok(Math.abs(value - (actual?.[i] as number)) < 1e-5, `at ${i}: ${actual?.[i]}, expected ${value}`);
}

const onPosix = { skip: process.platform === 'win32' ? 'Windows has no FIFOs, and links need rights there' : false };

test('a link out of the folder is not followed, one inside is', onPosix, async (t) => {
  const folder = await copyOfTiny(t);
  await rename(join(folder, 'decode.onnx'), join(folder, 'elsewhere.onnx'));
  await symlink('elsewhere.onnx', join(folder, 'decode.onnx'));
  await (await loadBundle(folder, { sessions: new Sessions() })).release();
  await rename(join(folder, 'elsewhere.onnx'), `${folder}-outside`);
  t.after(() => rm(`${folder}-outside`, { force: true }));
  await rm(join(folder, 'decode.onnx'));
  await symlink(`${folder}-outside`, join(folder, 'decode.onnx'));
  assert.match((await refusal(folder, 'bundle_invalid')).message, /decode\.onnx: it is a link that leads out/);
  await assert.rejects(checkFiles(folder), { code: 'bundle_invalid' });
});

test('model.json must not be a link out of the folder, or a FIFO', onPosix, async (t) => {
  const folder = await copyOfTiny(t);
  await checkFiles(folder);
  await rm(join(folder, 'model.json'));
  await symlink(join(process.cwd(), TINY, 'model.json'), join(folder, 'model.json'));
  assert.match((await refusal(folder, 'bundle_invalid')).message, /leads out/);
  await rm(join(folder, 'model.json'));
  execFileSync('mkfifo', [join(folder, 'model.json')]);
  assert.match((await refusal(folder, 'bundle_invalid')).message, /model\.json: it is no file/);
  await assert.rejects(checkFiles(folder), { code: 'bundle_invalid' });
});

test('a deeply nested model.json is refused', async (t) => {
  const folder = await copyOfTiny(t);
  await writeFile(join(folder, 'model.json'), `{"metrics":${'['.repeat(10_000)}${']'.repeat(10_000)}}`);
  assert.match((await refusal(folder, 'bundle_invalid')).message, /more than 32 objects and lists/);
});
