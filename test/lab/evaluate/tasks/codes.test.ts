/** Figures of codes from outcomes that are given; the formula of each stands beside it. PSNR is 10·log₁₀(4 / mean squared error). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { codec } from '../../../../src/lab/evaluate/tasks/codec.ts';
import { prior } from '../../../../src/lab/evaluate/tasks/prior.ts';
import { reconstruction } from '../../../../src/lab/evaluate/tasks/reconstruction.ts';
import { usage } from '../../../../src/lab/evaluate/tasks/usage.ts';
import { encodePicture } from '../../../../src/pictures/codec.ts';
import { flat, knownContext, outcomeOf } from '../known-context.ts';

/** Previews of the four levels of models/tiny: 4, 4, 8 and 8 pixels. */
const previews = (...values: number[]) => values.map((value, level) => flat(value, level < 2 ? 4 : 8));

const pictures = [flat(0), flat(0.5)];
const ceiling = [
  outcomeOf([flat(0.2)], { code: [0, 0, 0, 0], previews: previews(0.5, 0.2, 1, 0.2) }),
  outcomeOf([flat(0.52)], { code: [1, 0, 1, 2], previews: previews(0, 0.7, -0.5, 0.52) }),
];

test('reconstruction: PSNR, SSIM, beams, random codes, each side, entropy and bits', async () => {
  const context = await knownContext({
    pictures,
    ceiling,
    random: [flat(1), flat(-0.5)],
    encoded: (index, beams) => {
      const better = outcomeOf([flat(index === 0 ? 0.02 : 0.48)]);
      return beams === 16 ? better : (ceiling[index] ?? better);
    },
  });
  const { metrics } = await reconstruction.run(context);
  const { beams, ...figures } = metrics.reconstruction as { beams: { beams: number }[] };
  assert.deepEqual(figures, {
    pictures: 2,
    // Errors of 0.2 and 0.02: 20 dB and 40 dB.
    psnr_db: 30,
    // Of flat pictures (2ab + .0001) / (a² + b² + .0001): of .5 and .6, of .75 and .76.
    ssim: 0.9918,
    worst_db: 20,
    // Both are 1 away: 10·log₁₀ 4.
    random_db: 6.021,
    // The last previews of 4 pixels are both 0.2 away; those of 8 are the results.
    per_side_db: { 4: 20, 8: 30 },
  });
  const figureOf = ({ beams: count, psnr_db, gain_db, pictures: of }: Record<string, unknown>) => [
    count,
    psnr_db,
    gain_db,
    of,
  ];
  assert.deepEqual(beams.map(figureOf), [
    [4, 30, 0, 2],
    [16, 40, 10, 2],
  ]);
  // Two choices that differ are one bit of the two of four candidates; two that do not are none.
  assert.deepEqual(metrics.code_entropy_ratio_per_level, [0.5, 0, 0.5, 0.5]);
  assert.equal(metrics.code_entropy_ratio, 0.375);
  // Four levels of log₂ 4.
  assert.equal(metrics.bits, 8);
});

test('usage: unused candidates of 4 levels with 4 candidates', async () => {
  const context = await knownContext({ pictures, ceiling, training: pictures });
  // Chosen were 2 + 1 + 2 + 2 of 16.
  assert.deepEqual((await usage.run(context)).metrics, { unused_nodes: 9, usage: { pictures: 2, settled_after: 2 } });
  const every = await knownContext({
    pictures,
    training: Array.from({ length: 300 }, () => flat(0)),
    encoded: (index) => outcomeOf([flat(0)], { code: Array(4).fill(index % 4) }),
  });
  // They are read 256 at a time, and then all were chosen.
  assert.deepEqual((await usage.run(every)).metrics, { unused_nodes: 0, usage: { pictures: 300, settled_after: 256 } });
});

test('codec: bits and PSNR after each level, and those of files', async () => {
  const { metrics } = await codec.run(await knownContext({ pictures, ceiling }));
  const points = metrics.codec as {
    codec: string;
    bits: number;
    psnr_db: number | null;
    levels?: number;
    side?: number;
  }[];
  assert.deepEqual(
    points
      .filter((point) => point.codec === 'kandid')
      .map(({ bits, psnr_db, levels, side }) => [levels, side, bits, psnr_db]),
    [
      // Errors .5 and .5: 10·log₁₀ 16.
      [1, 4, 2, 12.04],
      [2, 4, 4, 20],
      [3, 8, 6, 6.02],
      [4, 8, 8, 30],
    ],
  );
  const lengths = await Promise.all(pictures.map((picture) => encodePicture(picture, 'webp', { quality: 1 })));
  const bits = (8 * ((lengths[0]?.length ?? 0) + (lengths[1]?.length ?? 0))) / 2;
  assert.equal(points.find((point) => point.codec === 'webp')?.bits, bits);
  assert.deepEqual(
    points.slice(4).map((point) => point.codec),
    ['webp', 'webp, shrunk to half', 'webp, shrunk to a quarter', 'jpeg', 'avif'],
  );
  // A flat picture of value 0 is 127.5 of 255: a file has 127 or 128, an error of 1/255 or little more.
  for (const { codec: name, psnr_db } of points.slice(4)) assert.ok((psnr_db ?? 99) > 35, `${name}: ${psnr_db}`);
});

test('prior: bits of codes agree with the probabilities of torch', async () => {
  const vectors = JSON.parse(readFileSync('test/fixtures/prior/vectors.json', 'utf8')) as {
    readonly codes: number[][];
    /** Of each code [4 levels × 4 candidates], natural logarithms. */
    readonly logPrior: number[][];
  };
  const outcomes = vectors.codes.map((code) => outcomeOf([flat(0)], { code }));
  const known = { pictures: vectors.codes.map(() => flat(0)), ceiling: outcomes };
  const { metrics } = await prior.run(await knownContext(known, 'test/fixtures/prior/tiny-prior'));
  const found = metrics.prior as Record<string, number> & { bits_per_level: number[] };
  const bitsOf = (code: readonly number[], row: number, level: number) =>
    -(vectors.logPrior[row]?.[4 * level + (code[level] as number)] as number) / Math.LN2;
  const expected = [0, 1, 2, 3].map(
    (level) => vectors.codes.reduce((sum, code, row) => sum + bitsOf(code, row, level), 0) / vectors.codes.length,
  );
  for (const [level, bits] of expected.entries())
    assert.ok(
      Math.abs((found.bits_per_level[level] as number) - bits) < 0.002,
      `${level}: ${found.bits_per_level[level]}`,
    );
  const whole = expected.reduce((sum, bits) => sum + bits, 0);
  assert.ok(Math.abs((found.bits as number) - whole) < 0.01, `${found.bits} for ${whole}`);
  assert.deepEqual([found.pictures, found.bits_uniform, found.bytes], [3, 8, Math.ceil(whole / 8)]);
});
