/**
 * Times descents guided by L2 in a process of its own, for published/bench.py:
 * `node --import tsx scripts/published/guided.ts MODELS NAME BATCH REPEATS` prints one line of JSON.
 */
import { readFileSync } from 'node:fs';
import { Engine } from '../../src/engine/engine.ts';
import { runTogether } from '../../src/engine/search/run.ts';
import { reconstruction } from '../../src/engine/tasks/encode.ts';
import { measurePeak } from '../../src/lab/bench/peak.ts';
import { descentBy, noise } from '../../src/lab/bench/steps.ts';

const [models = '', name = '', batch = '1', repeats = '2', peak = ''] = process.argv.slice(2);
const engine = await Engine.open({ models: [models] });
const { network, bundle } = await engine.models.open(name);
const guide = reconstruction(noise(network.finalSide, network.info.channels));
const ms: number[] = [];
for (let n = 0; n <= Number(repeats); n++) {
  const descents = Array.from({ length: Number(batch) }, (_, seed) => descentBy(network, seed, guide));
  const started = performance.now();
  await runTogether(network, descents);
  ms.push((performance.now() - started) / Number(batch));
  const failed = descents.find(({ error }) => error);
  if (failed?.error) throw failed.error;
}
// Before what follows: its sessions hold weights of their own. Not maxRSS of getrusage: that begins with the parent's.
const [, peakKiB = '0'] = /VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
const found = peak ? await measurePeak(network, bundle, Number(peak)) : null;
const [first, ...others] = ms;
process.stdout.write(
  `${JSON.stringify({ first_ms: first, ms: Math.min(...others), bytes: Number(peakKiB) * 1024, peak: found })}\n`,
);
await engine.close();
