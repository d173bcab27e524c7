import assert from 'node:assert/strict';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { phrasesOf } from '../../guides/lib/phrases.ts';
import text from '../../guides/text.ts';
import { GuideProblem } from '../../src/guide.ts';
import { fakeContext } from './fake-context.ts';
import { testGuide } from './guide-suite.ts';
import { paint, scoresOf } from './pictures.ts';

const folder = fileURLToPath(new URL('../fixtures/tiny-clip', import.meta.url));
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
  const [score] = (await scoresOf(await create({ prompt: 'red', contrast: [], phrases: 'whole' }), red)) as [number];
  assert.ok(Math.abs(score - 1) < 1e-4, `${score}`);
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
    ['a person, without glasses', ['a person', 'without glasses']],
  ];
  for (const [prompt, phrases] of cases) assert.deepEqual(phrasesOf(prompt), phrases, prompt);
});
