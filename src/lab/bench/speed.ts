/** Speed of encoding, decoding, text to picture, and the cost of beams. */

import type { Engine } from '../../engine/engine.ts';
import { eventsOf } from '../../engine/search/run.ts';
import { runTask } from '../../engine/tasks/task.ts';
import { inProcess, prepareTask } from '../../engine/tasks/tasks.ts';
import { toKandidError } from '../../errors.ts';
import { Random } from '../../kit/random.ts';
import { BATCHES, noise } from './steps.ts';
import { round, type Timing, timed } from './timing.ts';

const BEAMS = [1, 4, 16] as const;

/** Greedy, and with beams. */
export async function measureEncoding(engine: Engine, model: string, seconds: number): Promise<Record<string, Timing>> {
  const { network } = await engine.models.open(model);
  const picture = noise(network.finalSide, network.info.channels);
  const encode = async (beams: number) =>
    await runTask(await prepareTask(engine, { kind: 'encode', model, picture, beams }), inProcess());
  const figures: Record<string, Timing> = {};
  for (const beams of BEAMS) figures[beams] = await timed(() => encode(beams), seconds);
  return figures;
}

/** Milliseconds per picture, by batch size. */
export async function measureDecoding(engine: Engine, model: string, seconds: number): Promise<Record<string, number>> {
  const { network } = await engine.models.open(model);
  const figures: Record<string, number> = {};
  for (const batch of BATCHES) {
    const random = Random.of(batch);
    const codes = Array.from({ length: batch }, () => network.candidateCounts.map((count) => random.integer(count)));
    figures[batch] = round((await timed(() => network.decode(codes), seconds)).median_ms / batch);
  }
  return figures;
}

const PROMPTS = [
  'a woman with long red hair',
  'a man with a black beard and sunglasses',
  'a smiling person in a blue hoodie',
];

export type TextFigures = (Timing & { readonly guide_pictures: number }) | { readonly missing: string };

/** One picture from a prompt with the defaults, all models warm; or the reason why it cannot be measured. */
export async function measureText(engine: Engine, model: string, seconds: number): Promise<TextFigures> {
  let n = 0;
  let seen = 0;
  const once = async () => {
    const prompt = PROMPTS[n % PROMPTS.length] as string;
    const request = { model, seed: n, guides: [{ name: 'text', params: { prompt } }] };
    n += 1;
    const { network, descent } = await engine.prepare(request);
    for await (const event of eventsOf(network, descent))
      if (event.type === 'done') seen = event.guides[0]?.candidates ?? 0;
  };
  try {
    // Each prompt once, so that its embeddings are cached.
    for (const _ of PROMPTS) await once();
    return { ...(await timed(once, seconds)), guide_pictures: seen };
  } catch (error) {
    return { missing: toKandidError(error).message };
  }
}
