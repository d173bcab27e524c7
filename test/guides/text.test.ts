import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, it } from 'node:test';
import { cosine, openClip } from '../../guides/lib/clip/clip.ts';
import { phrasesOf } from '../../guides/lib/clip/phrases.ts';
import text from '../../guides/text.ts';
import { type GuideModel, GuideProblem } from '../../src/guide.ts';
import { fakeContext } from './fake-context.ts';
import { testGuide } from './guide-suite.ts';
import { paint, scoresOf } from './pictures.ts';

const folder = resolve('test/fixtures/tiny-clip');
const kept = new Map<string, Promise<object>>();
const parts = { folders: { 'tiny-clip': folder }, kept };

const red = paint(16, 16, 3, () => [1, -1, -1]);
const green = paint(16, 16, 3, () => [-1, 1, -1]);
const blue = paint(16, 16, 3, () => [-1, -1, 1]);
const yellow = paint(16, 16, 3, () => [1, 1, -1]);

function create(params: Record<string, unknown>) {
  return text.create(text.params.parse({ model: 'tiny-clip', contrast: ['white'], ...params }), fakeContext(parts));
}

testGuide(text, { params: { model: 'tiny-clip', prompt: 'a red thing, blue' }, ...parts });

it('prefers pictures like its prompt', async () => {
  for (const contrast of [[], ['white']]) {
    const [first, second, third] = (await scoresOf(await create({ prompt: 'red', contrast }), red, green, blue)) as [
      number,
      number,
      number,
    ];
    assert.ok(first > second && first > third, `${first} ${second} ${third}`);
  }
});

it('counts several prompts alike, and negative ones against', async () => {
  const both = await create({ prompt: ['red', 'green'], contrast: [] });
  const [one, mixed, other] = (await scoresOf(both, red, yellow, blue)) as [number, number, number];
  assert.ok(mixed > other && one > other, `${one} ${mixed} ${other}`);
  const notGreen = await create({ prompt: 'red', negative: 'green', negativeWeight: 2, contrast: [] });
  const [plain, spoiled] = (await scoresOf(notGreen, red, yellow)) as [number, number];
  assert.ok(plain > spoiled);
});

it('with plain similarity, scores by the cosine', async () => {
  const plain = { prompt: 'red', contrast: [], phrases: 'whole', sharpness: 4 };
  const [score] = (await scoresOf(await create({ ...plain, guidance: 2 }), red)) as [number];
  assert.ok(Math.abs(score - 8) < 1e-3, `${score}: a cosine of 1, times sharpness and guidance`);
});

it('lets a phrase compete with what the vocabulary of the CLIP has in its place', async () => {
  const known = mkdtempSync(join(tmpdir(), 'kandid-clip-'));
  after(() => rmSync(known, { recursive: true, force: true }));
  cpSync(folder, known, { recursive: true });
  writeFileSync(join(known, 'vocabulary.json'), '{"colours": ["red", "green"]}');
  const lead = async (rivals: boolean) => {
    const params = text.params.parse({ prompt: 'red', model: 'known', contrast: ['white'], rivals, sharpness: 20 });
    const guide = await text.create(params, fakeContext({ folders: { known } }));
    const [first, mixed] = (await scoresOf(guide, red, yellow)) as [number, number];
    return first - mixed;
  };
  assert.ok((await lead(true)) > 1.5 * (await lead(false)), 'yellow is green as much as red');
});

it('reads many texts at once, known ones among them', async () => {
  const clip = await openClip(folder, fakeContext(parts));
  await clip.embedTexts(['red']);
  const many = Array.from({ length: 5000 }, (_, i) => `green ${i}`);
  const all = await Promise.all([clip.embedTexts(['red', ...many]), clip.embedTexts(many), clip.embedTexts(['red'])]);
  assert.ok(all.flat().every((vector) => vector.length > 0));
  await clip.dispose();
});

it('is refused if the model lists no text model, and warns if a CLIP is named anyway', async () => {
  const params = text.params.parse({ prompt: 'red', contrast: ['white'] });
  const create = async (textModels: readonly string[], model?: string) => {
    const notes: string[] = [];
    const context = fakeContext({ ...parts, model: { name: 'digits', textModels }, notes });
    await text.create(model === undefined ? params : { ...params, model }, context);
    return notes;
  };
  await assert.rejects(
    () => create([]),
    (error: Error) => error instanceof GuideProblem && /digits has no text model/s.test(error.message),
  );
  assert.deepEqual(await create(['tiny-clip']), []);
  assert.match((await create([], 'tiny-clip')).join(), /tiny-clip is not a text model of digits/);
});

it('names words that mean nothing to its CLIP, and offers known ones', async () => {
  const notes: string[] = [];
  const params = text.params.parse({ prompt: 'a red castle', model: 'tiny-clip', contrast: [] });
  const model = { textModels: ['tiny-clip'] };
  await text.create(params, fakeContext({ ...parts, model, notes }));
  assert.ok(
    notes.some((note) => /does not know the word "castle"; it knows "red"/.test(note)),
    notes.join('\n'),
  );
});

it('closes after the runs there are, and begins no other', async (t) => {
  const told = t.mock.method(console, 'error', () => {});
  const clip = await openClip(folder, fakeContext(parts));
  const running = clip.embedTexts(['red', 'green']);
  const closing = clip.dispose();
  assert.equal((await running).length, 2);
  await closing;
  await assert.rejects(clip.embedTexts(['blue']), /was closed/);
  assert.equal(told.mock.callCount(), 0);
});

it('looks at half-finished pictures through the tower for their side, where its CLIP has one', async () => {
  const known = mkdtempSync(join(tmpdir(), 'kandid-clip-'));
  after(() => rmSync(known, { recursive: true, force: true }));
  cpSync(folder, known, { recursive: true });
  const listed = [{ side: 16, file: 'onnx/vision_model_16.onnx' }];
  writeFileSync(join(known, 'model.json'), JSON.stringify({ logit_scale: 4, picture_towers: listed }));
  const plain = await openClip(folder, fakeContext());
  const [seen] = (await plain.embedTexts(['green'])) as [Float32Array];
  const asked: (readonly number[])[] = [];
  const tower: GuideModel = {
    inputs: ['pixel_values'],
    outputs: ['image_embeds'],
    async run({ pixel_values: pixels }) {
      asked.push(pixels?.dims ?? []);
      const rows = pixels?.dims[0] ?? 0;
      return {
        image_embeds: {
          data: Float32Array.from(Array.from({ length: rows }, () => [...seen]).flat()),
          dims: [rows, seen.length],
        },
      };
    },
  };
  const networks = { [join(known, 'onnx/vision_model_16.onnx')]: tower };
  const clip = await openClip(known, fakeContext({ networks }));
  const looking = { signal: new AbortController().signal, compute: <T>(piece: () => Promise<T>) => piece() };
  const candidates = (side: number) =>
    ({ data: new Float32Array(150 * 3 * side * side), batch: 1, count: 150, channels: 3, side }) as const;
  const likeness = async (side: number) => cosine(await clip.embedBeginnings(candidates(side), looking), 149, seen);
  assert.ok(Math.abs((await likeness(16)) - 1) < 1e-4);
  assert.deepEqual(asked, [
    [128, 3, 16, 16],
    [22, 3, 16, 16],
  ]);
  assert.ok((await likeness(8)) < 0.99, 'no tower of this side: as a finished picture');
  assert.ok(cosine(await clip.embedPictures(candidates(16), looking), 0, seen) < 0.99);
  writeFileSync(join(known, 'model.json'), JSON.stringify({ picture_towers: [{ side: 16, file: '../secret.onnx' }] }));
  await assert.rejects(openClip(known, fakeContext({ networks })), /could not be opened/);
});

it('opens its CLIP once for many requests', async () => {
  await create({ prompt: 'red' });
  await create({ prompt: 'blue' });
  assert.deepEqual([...kept.keys()], [`clip ${folder}`]);
});

it('says where its CLIP cannot be read', async () => {
  const context = fakeContext({ folders: { nowhere: '/nowhere' } });
  const params = text.params.parse({ prompt: 'red', model: 'nowhere' });
  await assert.rejects(
    async () => text.create(params, context),
    (error: Error) => error instanceof GuideProblem && /preprocessor_config/.test(error.message),
  );
});

it('refuses no words and far too many', () => {
  assert.ok(!text.params.safeParse({ prompt: '  ' }).success);
  assert.ok(!text.params.safeParse({ prompt: [] }).success);
  assert.ok(!text.params.safeParse({ prompt: 'x'.repeat(501) }).success);
});

it('takes prompts apart', () => {
  const cases: [string, string[]][] = [
    ['a woman', ['a woman']],
    [
      'a man with short black hair, round glasses and a red hoodie',
      ['a man', 'short black hair', 'round glasses', 'a red hoodie'],
    ],
    [
      'a smiling woman with red hair, wearing a shirt with a bat on it',
      ['a smiling woman', 'red hair', 'wearing a shirt with a bat on it'],
    ],
    ['a person wearing a blue hat, on a green background', ['a person', 'wearing a blue hat', 'on a green background']],
    ['a man against a pink background', ['a man', 'against a pink background']],
    ['red hair; red hair', ['red hair']],
    ['a woman wearing a yellow headscarf and violet', ['a woman', 'wearing a yellow headscarf', 'wearing violet']],
    ['wearing a hat and dark blue, smiling', ['wearing a hat', 'wearing dark blue', 'smiling']],
    ['red hair and violet', ['red hair', 'violet']],
    ['a person, without glasses', ['a person', 'without glasses']],
  ];
  for (const [prompt, phrases] of cases) assert.deepEqual(phrasesOf(prompt), phrases, prompt);
});

it('takes the first of several text models that is installed, and says how to get one where none is', async () => {
  const params = text.params.parse({ prompt: 'red', contrast: ['white'] });
  const notInstalled = async (name: string): Promise<string> => {
    if (name !== 'tiny-clip') throw new GuideProblem(`no ${name}`);
    return folder;
  };
  const context = (textModels: readonly string[]) => ({
    ...fakeContext({ kept, model: { name: 'faces', textModels } }),
    folder: notInstalled,
  });
  await text.create(params, context(['clip-vit-base-patch32', 'tiny-clip']));
  await assert.rejects(
    async () => await text.create(params, context(['clip-vit-base-patch32', 'mobileclip-s0'])),
    /none of the text models of faces is installed .*kandid pull clip-vit-base-patch32/,
  );
});

it('words with another weight count more, or less', async () => {
  const lead = async (prompt: string) => {
    const [first, second] = (await scoresOf(await create({ prompt, contrast: [] }), red, blue)) as [number, number];
    return first - second;
  };
  const [plain, more, less] = [await lead('red, green'), await lead('(red:2), green'), await lead('(red:0.5), green')];
  assert.ok(more > plain && plain > less, `${more} ${plain} ${less}`);
});

it('templates take the mean of sentences, cutouts the mean of parts', async () => {
  const plain = (await scoresOf(await create({ prompt: 'red', contrast: [] }), red, blue)) as [number, number];
  const templates = ['{}', '{}'];
  const same = (await scoresOf(await create({ prompt: 'red', contrast: [], templates, cutouts: 2 }), red, blue)) as [
    number,
    number,
  ];
  assert.ok(Math.abs(plain[0] - same[0]) < 1e-4 && Math.abs(plain[1] - same[1]) < 1e-4, `${plain} ${same}`);
  assert.throws(() => text.params.parse({ prompt: 'red', templates: ['a photo'] }));
});
