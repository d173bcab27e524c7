import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { conditionOf } from '../../src/engine/input/condition.ts';
import { networkInfoOf } from '../../src/engine/models.ts';
import { Network, START, type State } from '../../src/engine/network/network.ts';
import { KandidError } from '../../src/errors.ts';
import { importCheckpoint } from '../../src/importer/import.ts';
import { loadBundle } from '../../src/runtime/bundle.ts';
import { findModels } from '../../src/runtime/models.ts';
import { Sessions } from '../../src/runtime/sessions.ts';
import { checkpointOf, fixtureBytes, fixtureValues, imported, scratchFolder } from './checkpoints.ts';

const CLOSE = 1e-4;

for (const name of ['small-ramp', 'small-color'] as const)
  for (const precision of ['full', 'half'] as const)
    test(`${name} in ${precision} precision: all candidates and the picture equal those of PyTorch`, async () => {
      const { code, condition: shown, [precision]: expected } = await fixtureValues(name);
      const { folder } = await imported(await fixtureBytes(name), { precision });
      const bundle = await loadBundle(folder, { threads: 1, sessions: new Sessions() });
      try {
        const network = new Network(networkInfoOf('mine', bundle.manifest), bundle.levels, bundle.decode);
        const condition = shown && Float32Array.from(shown);
        let state: State = START;
        for (const [level, choice] of code.entries()) {
          const output = await network.runLevel(level, [{ state, condition }]);
          assertClose(output.candidates.data, expected.candidates[level], `level ${level}`);
          const size = output.candidates.data.length / (output.candidates.dims[1] as number);
          const predict = output.candidates.data.slice(choice * size, (choice + 1) * size);
          state = { code: [...state.code, choice], from: { features: output.features, row: 0 }, predict, logPrior: 0 };
        }
        const [picture] = await network.decode([[...code]], [condition]);
        assertClose(picture?.data, expected.image, 'decoded');
      } finally {
        await bundle.release();
      }
    });

test('half precision takes about half the space', async () => {
  const bytes = await fixtureBytes('small-ramp');
  const sizeOf = async (precision: 'full' | 'half') => {
    const { folder } = await imported(bytes, { precision });
    return (await readFile(`${folder}/weights.safetensors`)).length;
  };
  const [full, half] = [await sizeOf('full'), await sizeOf('half')];
  assert.ok(half < 0.7 * full, `${half} of ${full} bytes`);
});

test('the start is parsed from the source code in the file, ignoring comments, and can be overridden', async () => {
  assert.equal((await checkpointOf(await fixtureBytes('small-ramp'))).start, 'ramp');
  assert.equal((await checkpointOf(await fixtureBytes('small-color'))).start, 'zeros');
  const given = await imported(await fixtureBytes('small-ramp'), { start: 'zeros' });
  assert.equal(given.start, 'zeros');
  assert.equal(given.isStartGiven, true);
  const { architecture } = JSON.parse(await readFile(`${given.folder}/model.json`, 'utf8'));
  assert.equal(architecture.start, 'zeros');
});

test('model.json contains architecture, licences and command; the bundle is found like any other', async () => {
  const licence = { weights: 'MIT', data: 'non-commercial', attribution: 'somebody' };
  const { folder } = await imported(await fixtureBytes('small-color'), { licence, textModels: ['any-clip'] });
  const [found] = await findModels([dirname(folder)]);
  const manifest = found?.manifest;
  assert.ok(manifest?.kind === 'pyramid');
  assert.equal(manifest.architecture.type, 'pyramid-slots');
  assert.deepEqual(manifest.licence, licence);
  assert.deepEqual(manifest.condition, { kind: 'mean', channels: 1 });
  assert.deepEqual(manifest.text_models, ['any-clip']);
  assert.equal(manifest.made?.command, 'a test');
});

test('colouring uses the mean of the channels', async () => {
  const { folder } = await imported(await fixtureBytes('small-color'));
  const [found] = await findModels([dirname(folder)]);
  assert.ok(found?.manifest?.kind === 'pyramid');
  const side = found.manifest.levels.at(-1)?.side as number;
  const plane = (value: number) => new Array<number>(side * side).fill(value);
  const data = Float32Array.from([...plane(0.9), ...plane(0.3), ...plane(-0.6)]);
  const condition = await conditionOf(
    { data, channels: 3, width: side, height: side },
    networkInfoOf('mine', found.manifest),
  );
  assertClose(condition ?? undefined, plane(0.2), 'the mean of 0.9, 0.3 and -0.6');
});

test('weights under _modules are used, not those of the constructor’s arguments', async () => {
  const bytes = await fixtureBytes('small-ramp');
  const { levels } = await checkpointOf(bytes);
  const [first] = levels;
  const shape = first?.convolutions[0].weight.shape.join('×');
  assert.equal(shape, '12×12×3×3');
  // The checkpoint has twice as many tensors of this shape; the pictures of PyTorch above need the right ones.
  assert.ok(bytes.length > 2 * 4 * levels.reduce((sum, one) => sum + one.convolutions[0].weight.count, 0));
});

test('an existing or missing name is refused before anything is written', async () => {
  const bytes = await fixtureBytes('small-ramp');
  const { folder } = await imported(bytes);
  await assert.rejects(imported(bytes, { models: dirname(folder) }), isError('bundle_exists'));
  await assert.rejects(imported(bytes, { name: '../out' }), isError('option_invalid'));
  assert.deepEqual(await readdir(dirname(folder)), ['mine']);
});

test('an aborted import leaves no files', async () => {
  const controller = new AbortController();
  const models = join(await scratchFolder(), 'stopped');
  const stopped = imported(await fixtureBytes('small-ramp'), {
    models,
    signal: controller.signal,
    progress: (done, _, doing) => {
      if (doing === 'weights' && done > 0) controller.abort();
    },
  });
  await assert.rejects(stopped, { name: 'AbortError' });
  assert.deepEqual(await readdir(models), []);
});

test('missing and unreadable files are reported', async () => {
  const licence = { weights: '', data: '', attribution: '' };
  const options = { name: 'mine', models: 'nowhere', licence, command: '' };
  await assert.rejects(importCheckpoint('no-such.pkl', options), isError('file_unreadable'));
  await assert.rejects(importCheckpoint('test', options), isError('file_unreadable'));
});

function isError(code: string) {
  return (error: unknown) => error instanceof KandidError && error.code === code;
}

function assertClose(found: Float32Array | undefined, expected: readonly number[] | undefined, what: string): void {
  assert.ok(found && expected && found.length === expected.length, `${what}: ${found?.length} of ${expected?.length}`);
  const worst = Math.max(...expected.map((value, i) => Math.abs(value - (found[i] as number))));
  assert.ok(worst <= CLOSE, `${what} differs by ${worst}`);
}
