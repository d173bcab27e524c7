import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { it } from 'node:test';
import { z } from 'zod';
import { type GuideDefinition, type GuideFile, GuideProblem } from '../../src/guide.ts';
import warm from '../fixtures/guides/warm.mjs';
import { fakeContext } from './fake-context.ts';
import { testGuide } from './guide-suite.ts';
import { paint, scoresOf } from './pictures.ts';

const readme = await readFile('guides/README.md', 'utf8');
const definition = (warm as Exclude<GuideFile, GuideDefinition>)({ z, GuideProblem });

testGuide(definition, { params: { amount: 0.5 } });

it('the example prefers warm pictures', async () => {
  const guide = await definition.create(definition.params.parse({}), fakeContext());
  const [hot, cold] = (await scoresOf(
    guide,
    paint(8, 8, 3, () => [1, 0, -1]),
    paint(8, 8, 3, () => [-1, 0, 1]),
  )) as [number, number];
  assert.ok(Math.abs(hot - 2) < 1e-5 && Math.abs(cold + 2) < 1e-5, `${hot} ${cold}`);
});

it('the README shows exactly the tested files', async () => {
  const blocks = [...readme.matchAll(/```\w+\n([\s\S]*?)\n```/g)].map(([, code]) => code);
  for (const file of ['guides/warm.mjs', 'services/warm.py', 'services/warm-service.mjs'])
    assert.ok(
      blocks.includes((await readFile(`test/fixtures/${file}`, 'utf8')).trim()),
      `${file} differs from the README`,
    );
});

it('the README lists every guide with its params and defaults', async () => {
  const files = (await readdir('guides')).filter((name) => name.endsWith('.ts'));
  for (const file of files) {
    const { default: guide } = (await import(`../../guides/${file}`)) as { default: GuideDefinition };
    const row = readme.split('\n').find((line) => line.startsWith(`| \`${guide.name}\` `));
    assert.equal(file, `${guide.name}.ts`);
    assert.ok(row, `${guide.name} is not in the table`);
    const { properties = {}, required = [] } = z.toJSONSchema(guide.params, { io: 'input', unrepresentable: 'any' });
    for (const [field, schema] of Object.entries(properties)) {
      const preset = (schema as { default?: unknown }).default;
      const text = typeof preset === 'object' ? JSON.stringify(preset) : String(preset);
      const long = preset === undefined || text.length > 24;
      const wanted = required.includes(field) ? `**\`${field}\`**` : long ? `\`${field}\`` : `\`${field} = ${text}\``;
      assert.ok(row.includes(wanted), `${guide.name}: expected ${wanted} in its row`);
    }
  }
});
