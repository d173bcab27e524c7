import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { encodePicture } from '../../../src/pictures/codec.ts';
import { kandid } from '../../cli/fake-io.ts';

const folder = mkdtempSync(join(tmpdir(), 'kandid-evaluate-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const models = join(folder, 'models');
const tiny = join(models, 'tiny');
const manifest = () => JSON.parse(readFileSync(join(tiny, 'model.json'), 'utf8'));

before(() => cpSync('models/tiny', tiny, { recursive: true }));

const evaluate = (...words: string[]) =>
  kandid(['evaluate', 'tiny', '--models', models, '--data', join(folder, 'data'), '--json', ...words]);

test('every task that needs no other model: figures, sheets, reproducible', async () => {
  const out = join(folder, 'out');
  const first = await evaluate('--count', '6', '--out', out);
  assert.equal(first.code, 0, first.err);
  const report = JSON.parse(first.out);
  const { psnr_db: ceiling, random_db: random, ssim } = report.reconstruction;
  assert.ok(ceiling > random && ssim > 0 && ssim < 1, JSON.stringify(report.reconstruction));
  assert.ok(report.code_entropy_ratio > 0 && report.code_entropy_ratio <= 1);
  assert.equal(report.bits, 8);
  assert.deepEqual(Object.keys(report.super_resolution), ['4']);
  assert.deepEqual(Object.keys(report.inpaint), ['half', 'center', 'random70', 'stripe']);
  for (const figures of [report.super_resolution[4], report.colorize, report.denoise, report.low_bit]) {
    assert.deepEqual([figures.ceiling_db, figures.random_db], [ceiling, random]);
    assert.ok(figures.psnr_db > random, JSON.stringify(figures));
  }
  assert.ok(report.edges.f1 > 0 && report.edges.f1 <= 1, JSON.stringify(report.edges));
  assert.ok(report.style.before > 0 && report.diversity.random > 0);
  assert.equal(report.codec[3].bits, 8);
  assert.ok(report.codec.some(({ codec }: { codec: string }) => codec === 'jpeg'));
  assert.match(first.err, /^usage was skipped: the model was never trained$/m);
  assert.match(first.err, /^text was skipped: /m);
  const sheets = readdirSync(out).filter((name) => name.endsWith('.png'));
  assert.ok(sheets.length >= 10, sheets.join());
  for (const name of sheets) assert.ok(((await sharp(join(out, name)).metadata()).width ?? 0) > 200);
  const { reconstruction, ...again } = JSON.parse((await evaluate('--count', '6')).out);
  const { reconstruction: before, ...rest } = report;
  assert.deepEqual(again, rest);
  assert.equal(reconstruction.psnr_db, before.psnr_db);
});

test('figures of few pictures are written into model.json only on request; those of other tasks are kept', async () => {
  assert.equal(manifest().metrics?.colorize, undefined);
  const files = manifest().files;
  await evaluate('--count', '2', '--tasks', 'colorize', '--write');
  await evaluate('--count', '2', '--tasks', 'denoise', '--write');
  const { metrics } = manifest();
  assert.ok(metrics.colorize.psnr_db && metrics.denoise.psnr_db);
  assert.deepEqual(manifest().files, files);
  assert.equal((await kandid(['models', 'tiny', '--models', models])).code, 0);
});

test("a folder of one's own pictures", async () => {
  const own = join(folder, 'own');
  const data = Float32Array.from({ length: 3 * 100 }, (_, i) => Math.sin(i));
  const { mkdirSync } = await import('node:fs');
  mkdirSync(own);
  for (let n = 0; n < 20; n++)
    writeFileSync(join(own, `${n}.png`), await encodePicture({ data, channels: 3, width: 10, height: 10 }));
  const result = await evaluate('--tasks', 'reconstruction', '--count', '4', '--pictures', own);
  assert.equal(result.code, 0, result.err);
  assert.equal(JSON.parse(result.out).pictures, 4);
  const none = await evaluate('--pictures', join(folder, 'nowhere'), '--count', '4');
  assert.equal(none.code, 1);
  assert.match(none.err, /nowhere could not be read/);
});

test('aborted with one line', async () => {
  const result = await kandid(
    ['evaluate', 'tiny', '--models', models, '--data', join(folder, 'data'), '--count', '6'],
    {
      signal: AbortSignal.abort(),
    },
  );
  assert.equal(result.code, 1);
  assert.match(result.err, /^Cancelled/);
});

test('a conditional model: fidelity to conditions; unsuitable tasks are skipped', async () => {
  const color = join(models, 'tiny-color');
  cpSync('test/fixtures/conditional/tiny-color', color, { recursive: true });
  const file = join(color, 'model.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), dataset: 'avatars' }));
  const out = join(folder, 'conditional');
  const words = ['evaluate', 'tiny-color', '--models', models, '--data', join(folder, 'data'), '--json'];
  const result = await kandid([...words, '--count', '4', '--usage-count', '8', '--out', out]);
  assert.equal(result.code, 0, result.err);
  const report = JSON.parse(result.out);
  assert.deepEqual(Object.keys(report.condition), ['kind', 'gray_error']);
  for (const way of ['own', 'unguided', 'other']) {
    const error = report.condition.gray_error[way];
    // Its network puts the gray of the condition back (keeps_gray); only what clamping takes is missing.
    assert.ok(error >= 0 && error < 0.01, `${way}: ${error}`);
  }
  assert.ok(report.reconstruction.psnr_db > report.reconstruction.random_db);
  for (const figure of ['skin', 'colours', 'shape', 'shape_unguided'])
    assert.ok(report.condition_mixed[figure] >= 0 && report.condition_mixed[figure] <= 1);
  assert.match(result.err, /^colorize was skipped: the model is conditional$/m);
  assert.ok(readdirSync(out).includes('condition.png'));
  const named = await kandid([...words, '--count', '4', '--tasks', 'text']);
  assert.match(named.err, /another one, for the model is conditional/);
  const other = await evaluate('--count', '4', '--tasks', 'condition');
  assert.match(other.err, /another one, for the model is unconditional/);
});

test('--fid runs only the Fréchet distance on the given network', async () => {
  const network = 'test/fixtures/features/free.onnx';
  const { code, out, err } = await evaluate('--count', '4', '--fid', network, '--fid-side', '8', '--samples', '12');
  assert.equal(code, 0, err);
  const { fid, ...rest } = JSON.parse(out);
  assert.deepEqual(Object.keys(rest), ['model', 'hash', 'pictures']);
  assert.deepEqual([fid.network, fid.features, fid.samples], ['free.onnx', 3, 12]);
  assert.deepEqual(fid.reference, { part: 'training', pictures: 12 });
  assert.ok(fid.distance > 0 && fid.held_out.pictures === 4, out);
  const lost = await evaluate('--fid', 'nowhere.onnx');
  assert.equal(lost.code, 1);
  assert.match(lost.err, /nowhere\.onnx/);
});

test('--tasks classifier reports how to create a judge', async () => {
  const { code, err } = await evaluate('--count', '2', '--tasks', 'classifier');
  assert.equal(code, 2);
  assert.match(err, /imagenet-lite|--judge/);
});
