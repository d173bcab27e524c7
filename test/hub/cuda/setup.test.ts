import assert from 'node:assert/strict';
import { existsSync, lstatSync } from 'node:fs';
import { mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type TestContext, test } from 'node:test';
import { checkPlatform, cudaCache, setFolder, setUpCuda, whatIsWrong } from '../../../src/hub/cuda/setup.ts';
import { fromFolder, fromIndex, type WheelSource } from '../../../src/hub/cuda/wheel-source.ts';
import { readSet } from '../../../src/runtime/cuda/library-set.ts';
import { PROVIDER_FILES } from '../../../src/runtime/cuda/provider.ts';
import { temporaryFolder } from '../../runtime/copies.ts';
import { SMALL_LOCK, startIndex, WHEELS, writeWheels } from './wheels.ts';

// Only there: other platforms are refused before anything is done, which `checkPlatform` shows.
const onLinux = { skip: process.platform !== 'linux' || process.arch !== 'x64' };

async function places(t: TestContext) {
  const root = await temporaryFolder(t);
  const [cache, providers, wheels] = [join(root, 'cache'), join(root, 'providers'), join(root, 'wheels')];
  await mkdir(providers);
  const set = setFolder(cache, SMALL_LOCK);
  const setUp = (source: WheelSource, signal?: AbortSignal) =>
    setUpCuda({ cache, lock: SMALL_LOCK, source, runtime: { version: '1.30.0', providers }, signal });
  return { cache, providers, wheels, set, setUp };
}

const PAUSE = { pauseMs: 1 };

for (const isHtml of [false, true])
  test(
    `from an index ${isHtml ? 'for browsers' : 'in JSON'}: a whole set, linked, and no wheels left`,
    onLinux,
    async (t) => {
      const [{ cache, providers, set, setUp }, index] = [await places(t), await startIndex(t, { isHtml })];
      const source = fromIndex(index.connection(), join(cache, 'wheels'), PAUSE);
      assert.deepEqual(await setUp(source), { folder: set, isNew: true });
      const found = await readSet(set);
      assert.deepEqual(found?.packages, { 'onnxruntime-gpu': '1.30.0', 'nvidia-cuda-runtime': '13.0.96' });
      assert.deepEqual(Object.keys(found?.files ?? {}).sort(), ['libcudart.so.13', ...PROVIDER_FILES].sort());
      assert.equal(await whatIsWrong(set), null);
      for (const file of PROVIDER_FILES) assert.equal(await readlink(join(providers, file)), join(set, file));
      assert.deepEqual(await readdir(cache), [set.split('/').at(-1)]);
      assert.deepEqual(await setUp(source), { folder: set, isNew: false });
      assert.equal(index.asked.length, 2);
    },
  );

test('a download that is cut goes on where it was cut', onLinux, async (t) => {
  const cutAfter = (answer: number) => (answer < 3 ? 100_000 : null);
  const [{ cache, setUp }, index] = [await places(t), await startIndex(t, { cutAfter })];
  await setUp(fromIndex(index.connection(), join(cache, 'wheels'), PAUSE));
  const [first, second, third] = index.asked;
  assert.match(first ?? '', /^onnxruntime_gpu[^ ]*$/);
  assert.match(second ?? '', / bytes=\d+-$/);
  assert.match(third ?? '', / bytes=\d+-$/);
});

test('an interrupted setup leaves no set, and a later one goes on with its wheels', onLinux, async (t) => {
  const [{ cache, set, setUp }, index] = [await places(t), await startIndex(t)];
  const controller = new AbortController();
  const wheels = fromIndex(index.connection(), join(cache, 'wheels'), PAUSE);
  const interrupted: WheelSource = {
    get: async (wheel) => {
      if (wheel.name !== 'onnxruntime-gpu') controller.abort();
      controller.signal.throwIfAborted();
      return await wheels.get(wheel);
    },
  };
  await assert.rejects(setUp(interrupted, controller.signal), { name: 'AbortError' });
  assert.equal(existsSync(set), false);
  await setUp(wheels);
  assert.equal(index.asked.filter((file) => file.startsWith('onnxruntime')).length, 1);
});

test('a file with another hash is thrown away', onLinux, async (t) => {
  const replace = (file: string) => (file.startsWith('nvidia') ? Buffer.alloc(WHEELS.get(file)?.length ?? 0) : null);
  const [{ cache, set, setUp }, index] = [await places(t), await startIndex(t, { replace })];
  await assert.rejects(setUp(fromIndex(index.connection(), join(cache, 'wheels'), PAUSE)), {
    code: 'wheel_changed',
    message: /^nvidia_cuda_runtime.* is not the wheel that is locked: \d+ bytes, sha256 [0-9a-f]{64}, expected/,
  });
  assert.equal(existsSync(set), false);
  assert.deepEqual(await readdir(join(cache, 'wheels')), [SMALL_LOCK.wheels[0]?.file]);
});

test('an index that lists another hash, or nothing, is refused before anything is fetched', onLinux, async (t) => {
  const { cache, setUp } = await places(t);
  const other = await startIndex(t, { listed: () => '1'.repeat(64) });
  const from = (index: typeof other) => fromIndex(index.connection(), join(cache, 'wheels'), PAUSE);
  await assert.rejects(setUp(from(other)), { code: 'wheel_changed', message: /lists it with sha256 1{64}/ });
  const strict = await startIndex(t, { login: 'me:secret' });
  await assert.rejects(setUp(from(strict)), { code: 'wheel_unavailable', message: /answers 401.*--wheels/s });
  assert.deepEqual([...other.asked, ...strict.asked], []);
  await setUp(fromIndex(strict.connection('me:secret'), join(cache, 'wheels'), PAUSE));
});

test('offline, from a folder of wheels', onLinux, async (t) => {
  const { wheels, set, setUp } = await places(t);
  await writeWheels(wheels);
  assert.deepEqual(await setUp(fromFolder(wheels)), { folder: set, isNew: true });
  assert.deepEqual((await readdir(wheels)).length, 2);
});

test('offline, a missing and a damaged wheel are named', onLinux, async (t) => {
  const { wheels, set, setUp } = await places(t);
  await assert.rejects(setUp(fromFolder(wheels)), {
    code: 'wheel_missing',
    message: /has no onnxruntime_gpu-1\.30\.0/,
  });
  await writeWheels(wheels, (file, bytes) => (file.startsWith('nvidia') ? bytes.subarray(1) : bytes));
  await assert.rejects(setUp(fromFolder(wheels)), { code: 'wheel_changed', message: /nvidia_cuda_runtime/ });
  assert.equal(existsSync(set), false);
});

test('a changed library is found, and the set made anew', onLinux, async (t) => {
  const { wheels, set, providers, setUp } = await places(t);
  await writeWheels(wheels);
  await setUp(fromFolder(wheels));
  const file = join(set, 'libcudart.so.13');
  const bytes = await readFile(file);
  await writeFile(file, bytes.toReversed());
  assert.match((await whatIsWrong(set)) ?? '', /libcudart\.so\.13 was changed$/);
  assert.equal((await setUp(fromFolder(wheels))).isNew, true);
  assert.deepEqual(await readFile(file), bytes);
  assert.ok(lstatSync(join(providers, PROVIDER_FILES[0])).isSymbolicLink());
});

test('what a killed setup left is removed; that of a running one is not', onLinux, async (t) => {
  const { cache, wheels, setUp } = await places(t);
  await writeWheels(wheels);
  for (const pid of [4_194_305, process.ppid]) await mkdir(join(cache, `.staging-${pid}`), { recursive: true });
  await setUp(fromFolder(wheels));
  const left = (await readdir(cache)).filter((name) => name.startsWith('.'));
  assert.deepEqual(left, [`.staging-${process.ppid}`]);
});

test('another version of ONNX Runtime and other platforms are refused', onLinux, async (t) => {
  const { cache, providers } = await places(t);
  const source: WheelSource = { get: async () => assert.fail('nothing is fetched') };
  const runtime = { version: '1.31.0', providers };
  await assert.rejects(setUpCuda({ cache, lock: SMALL_LOCK, source, runtime }), {
    code: 'cuda_version',
    message: /ONNX Runtime 1\.30\.0, onnxruntime-node is 1\.31\.0/,
  });
});

test('other platforms are refused with the remedy', () => {
  checkPlatform('linux', 'x64');
  assert.throws(() => checkPlatform('darwin', 'arm64'), {
    code: 'cuda_platform',
    message: 'ONNX Runtime has CUDA for Linux on x64 only; this is darwin on arm64. Use device cpu.',
  });
});

test('links lead to the set from wherever its folder was named', () => {
  const absolute = join(process.cwd(), 'caches');
  assert.equal(setFolder(relative(process.cwd(), absolute), SMALL_LOCK), setFolder(absolute, SMALL_LOCK));
});

test("the cache is KANDID_CUDA, or in the user's cache folder", () => {
  assert.equal(cudaCache({ KANDID_CUDA: '/opt/cuda', HOME: '/home/me' }), '/opt/cuda');
  assert.equal(cudaCache({ XDG_CACHE_HOME: '/caches', HOME: '/home/me' }), '/caches/kandid/cuda');
  assert.equal(cudaCache({ HOME: '/home/me' }), '/home/me/.cache/kandid/cuda');
});
