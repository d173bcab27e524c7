/** How soon something is to be seen. */
import type { GenerateBody } from '../../../contract/stream.ts';
import { median } from '../timing.ts';
import { type Part, type Place, pause, requestMaker, withServer } from './context.ts';
import { type Figure, figure } from './figure.ts';
import { Talker } from './stream-client.ts';

const REST_MS = 30;
const WARM_UP = 3;
const BAR_MS = 150;

export const previews: Part = {
  name: 'previews',
  what: 'first preview on an idle, warm server',
  run: (place) =>
    withServer(place, {}, async ({ url }) => {
      const talker = await Talker.open(url);
      const request = await requestMaker();
      try {
        const plain = await firstPreviews(place, talker, request);
        const words = (): GenerateBody => request({ guides: [{ name: 'text', params: { prompt: 'a red hat' } }] });
        const isSpoken = (await talker.generate(words())).type === 'done';
        const spoken = isSpoken ? await firstPreviews(place, talker, words) : [];
        return [...figuresOf('to a picture', plain), ...figuresOf('from words', spoken)];
      } finally {
        await talker.close();
      }
    }),
};

async function firstPreviews({ amounts, signal }: Place, talker: Talker, request: () => GenerateBody) {
  const ms: number[] = [];
  for (let n = 0; n < amounts.previews + WARM_UP && !signal.aborted; n++) {
    await pause(REST_MS);
    const { firstPreviewMs } = await talker.generate(request());
    if (n >= WARM_UP) ms.push(firstPreviewMs ?? Number.POSITIVE_INFINITY);
  }
  return ms;
}

function figuresOf(what: string, ms: readonly number[]): Figure[] {
  if (ms.length === 0) return [];
  const note = `median of ${ms.length}; slowest ${Math.max(...ms).toFixed(0)} ms`;
  return [figure(`first preview, ${what}`, median(ms), { unit: 'ms', bar: { most: BAR_MS }, note })];
}
