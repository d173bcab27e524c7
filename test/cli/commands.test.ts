import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import sharp from 'sharp';
import { decodePicture, encodePicture } from '../../src/pictures/codec.ts';
import { provenancePacket, readProvenance } from '../../src/pictures/provenance.ts';
import { kandid } from './fake-io.ts';

const folder = mkdtempSync(join(tmpdir(), 'kandid-cli-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const inFolder = (name: string) => join(folder, name);
const tiny = ['--model', 'tiny'];

/** A small coloured picture. */
async function photo(side = 8): Promise<Uint8Array> {
  const data = Float32Array.from({ length: 3 * side * side }, (_, i) => Math.sin(i / 3));
  return await encodePicture({ data, channels: 3, width: side, height: side });
}

function sizeOf(file: string) {
  return sharp(file).metadata();
}

test('generate writes a picture and prints code and seed; repeatable', async () => {
  const run = () => kandid(['generate', ...tiny, '--seed', '7', '--out', inFolder('a.png'), '--json']);
  const [first, second] = [await run(), await run()];
  assert.equal(first.code, 0, first.err);
  const report = JSON.parse(first.out);
  assert.equal(report.model, 'tiny');
  assert.equal(report.state, 'done');
  assert.equal(report.results[0].seed, 7);
  assert.deepEqual(report.results, JSON.parse(second.out).results);
  assert.equal((await sizeOf(inFolder('a.png'))).width, 8);
});

test('generate writes several pictures as numbered files, in a folder or by name, or as a grid', async () => {
  const numbered = await kandid(['generate', ...tiny, '-n', '3', '--out', inFolder('b.webp')]);
  assert.equal(numbered.code, 0, numbered.err);
  for (const n of [1, 2, 3]) assert.equal((await sizeOf(inFolder(`b-${n}.webp`))).format, 'webp');
  await kandid(['generate', ...tiny, '-n', '2', '--seed', '5', '--out', inFolder('many')]);
  assert.ok(existsSync(inFolder('many/kandid-5-1.png')) && existsSync(inFolder('many/kandid-5-2.png')));
  await kandid(['generate', ...tiny, '-n', '4', '--grid', '--enlarge', '4', '--out', inFolder('grid.png')]);
  assert.equal((await sizeOf(inFolder('grid.png'))).width, 65);
});

test('encode --compact: decode draws the same picture; --psnr keeps as few levels as needed', async () => {
  const prior = ['--models', 'test/fixtures/prior', '--model', 'tiny-prior'];
  const given = inFolder('compact.png');
  writeFileSync(given, await photo());
  const [plain, compact] = [
    await kandid(['encode', given, ...prior]),
    await kandid(['encode', given, ...prior, '--compact']),
  ];
  assert.match(compact.out, /^c\.[\w-]+$/, compact.err);
  const pixelsOf = async (code: string) => {
    const out = inFolder(`decoded-${code}.png`);
    const result = await kandid(['decode', code, ...prior, '--out', out]);
    assert.equal(result.code, 0, result.err);
    return await sharp(out).raw().toBuffer();
  };
  assert.deepEqual(await pixelsOf(compact.out.trim()), await pixelsOf(plain.out.trim()));
  const short = JSON.parse((await kandid(['encode', given, ...prior, '--psnr', '1', '--json'])).out).results[0];
  assert.match(short.compact, /^c1\./);
  assert.ok(short.psnr >= 1);
  assert.equal(short.code.length, 4);
  const none = await kandid(['encode', given, ...tiny, '--compact']);
  assert.deepEqual([none.code, /tiny, which has no prior/.test(none.err)], [2, true]);
});

test('default file names overwrite nothing', async () => {
  const out = inFolder('free/');
  const made = [];
  for (const model of ['tiny', 'digits-32']) {
    const result = await kandid(['generate', '--model', model, '--seed', '7', '--out', out]);
    assert.equal(result.code, 0, result.err);
    made.push(result.out.split('  ')[0] as string);
  }
  assert.deepEqual(made, [join(out, 'kandid-7.png'), join(out, 'kandid-7 (2).png')]);
  assert.equal((await sizeOf(made[0] as string)).width, 8);
  assert.equal((await sizeOf(made[1] as string)).width, 32);
});

test("a file's recorded code is used as long as it matches the pixels", async () => {
  const file = inFolder('own.png');
  const made = await kandid(['generate', ...tiny, '--seed', '11', '--top', '4', '--enlarge', '8', '--out', file]);
  const code = made.out.split('  ')[1] as string;
  const encode = async (path: string, ...more: string[]) => {
    const result = await kandid(['encode', path, ...tiny, '--json', ...more]);
    assert.equal(result.code, 0, result.err);
    return { code: JSON.parse(result.out).results[0].codeString as string, notes: result.err };
  };
  const own = await encode(file);
  assert.equal(own.code, code);
  assert.match(own.notes, /the one that the file carries/);
  assert.doesNotMatch((await encode(file, '--search')).notes, /carries/);
  const white = inFolder('white.png');
  const all = { data: new Float32Array(64).fill(1), channels: 1, width: 8, height: 8 };
  writeFileSync(white, await encodePicture(all, 'png'));
  const weighted = await encode(file, '--weights', white);
  assert.equal(weighted.code, (await encode(file, '--search')).code);
  assert.match(weighted.notes, /with weights, another was searched/);
  // The same metadata on other pixels.
  const bytes = readFileSync(file);
  const other = inFolder('other.png');
  const dark = { data: new Float32Array(3 * 64).fill(-1), channels: 3, width: 8, height: 8 };
  writeFileSync(other, await encodePicture(dark, 'png', { xmp: provenancePacket(readProvenance(bytes)) }));
  assert.match((await encode(other)).notes, /no longer those: it was searched anew/);
  assert.match(
    (await kandid(['vary', other, ...tiny, '--keep', '4', '--out', inFolder('x.png')])).err,
    /searched anew/,
  );
});

test('generate --animate writes one frame per level', async () => {
  for (const ending of ['webp', 'gif']) {
    const file = inFolder(`descent.${ending}`);
    const result = await kandid(['generate', ...tiny, '--out', inFolder('c.png'), '--animate', file]);
    assert.equal(result.code, 0, result.err);
    const { pages, format } = await sharp(file, { animated: true }).metadata();
    assert.deepEqual([pages, format], [4, ending]);
  }
});

test('pictures are read from standard input and written to standard output', async () => {
  const image = await photo();
  const result = await kandid(['upscale', '-', '--no-whole', ...tiny, '--out', '-'], { input: image });
  assert.equal(result.code, 0, result.err);
  assert.equal(result.out, '');
  assert.equal((await decodePicture(result.bytes)).width, 8);
});

test('every restoration command runs', async () => {
  const file = inFolder('photo.png');
  writeFileSync(file, await photo());
  const mask = inFolder('mask.png');
  const half = Float32Array.from({ length: 64 }, (_, i) => (i % 8 < 4 ? -1 : 1));
  writeFileSync(mask, await encodePicture({ data: half, channels: 1, width: 8, height: 8 }));
  const commands = [
    ['inpaint', file, '--mask', mask],
    ['inpaint', file, '--mask', mask, '--invert', '--guide', `style:0.3:{"image":"@${file}","fromSide":4}`],
    ['colorize', file],
    ['denoise', file, '--sigma', '0.2', '--beams', '4:2'],
    ['style', file, '--content', file, '--content-weight', '0.5', '--blend', 'rank'],
    ['vary', file, '--keep', '2', '--temperature', '1'],
  ];
  for (const words of commands) {
    const result = await kandid([...words, ...tiny, '--seed', '1', '--out', inFolder('restored.png')]);
    assert.equal(result.code, 0, `${words[0]}: ${result.err}`);
    assert.match(result.out, /restored\.png {2}[\w-]{2}$/);
  }
});

test('inpaint keeps size, shape and pixels and reports its squares; --no-whole returns the picture of the model', async () => {
  const [file, mask, out] = [inFolder('wide.png'), inFolder('wide-mask.png'), inFolder('wide-new.png')];
  const raw = { width: 30, height: 10, channels: 3 } as const;
  const dots = Buffer.from(Array.from({ length: 900 }, (_, i) => (i * 131) % 256));
  await sharp(dots, { raw }).png().toFile(file);
  const marked = Float32Array.from({ length: 300 }, (_, i) => (i % 30 > 3 && i % 30 < 26 ? -1 : 1));
  writeFileSync(mask, await encodePicture({ data: marked, channels: 1, width: 30, height: 10 }));
  const words = ['inpaint', file, '--mask', mask, ...tiny, '--seed', '1', '--out', out];
  const result = await kandid([...words, '--feather', '0', '--json']);
  assert.equal(result.code, 0, result.err);
  const [report] = JSON.parse(result.out).results;
  assert.deepEqual(
    report.windows.map(({ left }: { left: number }) => left),
    [0, 20],
  );
  const { data, info } = await sharp(out).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  assert.deepEqual([info.width, info.height], [30, 10]);
  for (let p = 0; p < 300; p++)
    if (p % 30 > 3 && p % 30 < 26)
      assert.deepEqual([...data.subarray(3 * p, 3 * p + 3)], [...dots.subarray(3 * p, 3 * p + 3)]);
  assert.match((await kandid(words)).out, /wide-new\.png {2}[\w-]{2} [\w-]{2}\n?$/);
  const wrong = await kandid([...words, '--window', '11']);
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /whole\.window: it is 11, expected at most the picture's shorter side, 10/);
  const half = Float32Array.from({ length: 300 }, (_, i) => (i % 30 < 15 ? 1 : -1));
  writeFileSync(mask, await encodePicture({ data: half, channels: 1, width: 30, height: 10 }));
  const pure = await kandid([...words, '--no-whole']);
  assert.match(pure.err, /only its middle square is used/);
  assert.equal((await sharp(out).metadata()).width, 8);
});

test('upscale refuses a picture whose parts the model cannot draw', async () => {
  const result = await kandid(['upscale', inFolder('wide.png'), ...tiny, '--out', inFolder('large.png')]);
  assert.equal(result.code, 1);
  assert.match(result.err, /the model cannot enlarge this picture: .*--no-whole/);
});

test('encode and decode are inverse', async () => {
  const file = inFolder('there.png');
  const made = await kandid(['generate', ...tiny, '--seed', '3', '--out', file]);
  const code = made.out.split(/\s+/)[1] as string;
  const decoded = await kandid(['decode', ...tiny, '--out', inFolder('back.png'), '--', code]);
  assert.equal(decoded.code, 0, decoded.err);
  const pixels = (path: string) => sharp(path).raw().toBuffer();
  assert.deepEqual(await pixels(inFolder('back.png')), await pixels(file));
  const encoded = await kandid(['encode', file, ...tiny, '--beams', '4', '--json']);
  const report = JSON.parse(encoded.out).results[0];
  assert.equal(report.codeString, code);
  assert.equal(report.file, null);
  const piped = await kandid(['decode', '-', ...tiny, '--level', '1', '--out', '-'], {
    input: Buffer.from(`${code}\n`),
  });
  assert.equal((await decodePicture(piped.bytes)).width, 4);
});

test('files record how a picture was made', async () => {
  for (const ending of ['png', 'webp', 'jpg']) {
    const file = inFolder(`made.${ending}`);
    const made = await kandid([
      ...['generate', ...tiny, '--seed', '4', '--out', file, '--guides', 'test/fixtures/guides'],
      ...['--guide', 'warm:0.5:{"amount":-1}'],
    ]);
    const report = JSON.parse((await kandid(['info', file, '--json'])).out);
    assert.equal(report.code, made.out.split(/\s+/)[1]);
    assert.deepEqual([report.model, report.seed], ['tiny', 4]);
    assert.deepEqual(report.guides, [{ name: 'warm', weight: 0.5, params: { amount: -1 } }]);
    const kept = await kandid(['vary', file, ...tiny, '--keep', '4', '--json', '--out', inFolder('kept.png')]);
    assert.equal(JSON.parse(kept.out).results[0].codeString, report.code);
  }
});

test('cross writes one picture per position', async () => {
  const result = await kandid([
    ...['cross', 'OQ', '[0,1,2,3]', ...tiny, '--at', '1', '--at', '3', '--json', '--out', inFolder('crossed')],
  ]);
  assert.equal(result.code, 0, result.err);
  const codes = JSON.parse(result.out).results.map(({ code }: { code: number[] }) => code);
  assert.deepEqual(
    codes.map((code: number[]) => code.slice(1)),
    [
      [1, 2, 3],
      [...codes[1].slice(1, 3), 3],
    ],
  );
});

test('models and guides are listed and described', async () => {
  const listed = await kandid(['models']);
  assert.match(listed.out, /^tiny +8×8/m);
  assert.match(listed.out, /^avatars-256 \* +256×256/m);
  assert.equal(JSON.parse((await kandid(['models', 'tiny', '--json'])).out).name, 'tiny');
  assert.match((await kandid(['guides'])).out, /^super_resolution /m);
  const denoise = await kandid(['guides', 'denoise']);
  assert.match(denoise.out, /^ {2}image, needed$/m);
  assert.match(denoise.out, /^ {2}sigma \(0\.53\)$/m);
});

test('the default model is the shipped or the configured one, regardless of the alphabet', async () => {
  const models = inFolder('more');
  cpSync('models/tiny', join(models, 'aaa-64'), { recursive: true });
  const standard = async (environment: NodeJS.ProcessEnv) => {
    const result = await kandid(['models', '--models', models, '--json'], { environment });
    const all = JSON.parse(result.out) as { name: string; isDefault: boolean }[];
    return all.filter(({ isDefault }) => isDefault).map(({ name }) => name);
  };
  assert.deepEqual(await standard({}), ['avatars-256']);
  assert.deepEqual(await standard({ KANDID_DEFAULT_MODEL: 'aaa-64' }), ['aaa-64']);
});

test('guides --check passes the example and reports the faults of a bad guide', async () => {
  const good = await kandid(['guides', '--check', 'test/fixtures/guides/warm.mjs']);
  assert.equal(good.code, 0, good.out);
  const bad = inFolder('bad.mjs');
  writeFileSync(
    bad,
    `export default ({ z }) => ({ name: 'bad', description: 'Scores nothing at all.', params: z.strictObject({}),
       create: () => ({ score: ({ batch, count }) => new Float32Array(batch * count).fill(NaN) }) });`,
  );
  const result = await kandid(['guides', '--check', bad, '--json']);
  assert.equal(result.code, 1);
  assert.match(result.err, /^Guide "bad": \d+ of \d+ checks failed/);
  assert.equal(JSON.parse(result.out).passed, false);
});

test("a user's folder of guides works", async () => {
  const result = await kandid([
    ...['generate', ...tiny, '--guides', 'test/fixtures/guides', '--guide', 'warm:2:{"amount":-1}'],
    ...['--seed', '1', '--out', inFolder('cold.png')],
  ]);
  assert.equal(result.code, 0, result.err);
});

test('doctor reports a modified bundle as a failed check', async () => {
  const well = await kandid(['doctor', '--json']);
  const { checks } = JSON.parse(well.out);
  assert.ok(checks.some(({ name, ok }: { name: string; ok: boolean }) => name === 'model tiny' && ok));
  const broken = inFolder('models/broken');
  await import('node:fs/promises').then((fs) => fs.cp('models/tiny', broken, { recursive: true }));
  writeFileSync(join(broken, 'level-00.onnx'), 'nonsense');
  const unwell = await kandid(['doctor', '--models', inFolder('models')]);
  assert.equal(unwell.code, 1);
  assert.match(unwell.out, /^FAIL {2}model broken/m);
  const found = unwell.out.split('\n').filter((line) => /^(ok|FAIL) /.test(line));
  const columns = found.map((line) => /^(?:ok {2}|FAIL) {2}(?:\S+ )*?\S+ {2,}/.exec(line)?.[0].length ?? 0);
  assert.equal(new Set(columns).size, 1, `details begin in one column: ${columns}`);
});

test('cancelled within a level: unfinished pictures are written and reported', async () => {
  const controller = new AbortController();
  const guides = inFolder('slow');
  await import('node:fs/promises').then((fs) => fs.mkdir(guides));
  // Aborts as a person would, in the middle of level 2.
  writeFileSync(
    join(guides, 'stopping.mjs'),
    `export default ({ z }) => ({ name: 'stopping', description: 'Stops the request at level 2.', params: z.strictObject({}),
       create: () => ({ score: async ({ batch, count }, level) => {
         if (level.index === 2) { globalThis.stopTheRequest(); await new Promise((resolve) => setTimeout(resolve, 60_000)); }
         return Float32Array.from({ length: batch * count }, (_, i) => i % count);
       } }) });`,
  );
  Object.assign(globalThis, { stopTheRequest: () => controller.abort() });
  const file = inFolder('partial.png');
  const result = await kandid(
    [...['generate', ...tiny, '--guides', guides, '--guide', 'stopping', '--out', file, '--json']],
    { signal: controller.signal },
  );
  assert.equal(result.code, 1);
  assert.match(result.err, /^Cancelled after level 2 of 4; the pictures so far were written\.$/);
  const report = JSON.parse(result.out);
  assert.equal(report.state, 'cancelled');
  assert.deepEqual(report.results[0].prefix, [3, 3]);
  assert.equal((await sizeOf(file)).width, 4);
  const whole = inFolder('whole.png');
  const onward = await kandid(['vary', '[3,3]', ...tiny, '--seed', '1', '--json', '--out', whole]);
  assert.deepEqual(JSON.parse(onward.out).results[0].code.slice(0, 2), [3, 3]);
  assert.equal((await kandid(['vary', '[3,9]', ...tiny])).code, 2);
  assert.equal((await kandid(['vary', '[3,', ...tiny])).code, 2);
});
