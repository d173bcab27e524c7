/** Latency of the first preview. */
import type { GenerateBody } from '../../../contract/stream.ts';
import { median } from '../timing.ts';
import { type BenchContext, type Part, pause, requestMaker, withServer } from './context.ts';
import { type Figure, figure } from './figure.ts';
import { type RequestLog, StreamClient } from './stream-client.ts';

const REST_MS = 30;
const WARM_UP = 3;
const BAR_MS = 150;

export const previews: Part = {
  name: 'previews',
  description: 'first preview on an idle, warm server',
  run: (context) =>
    withServer(context, {}, async ({ url }) => {
      const client = await StreamClient.open(url);
      const request = await requestMaker();
      try {
        const plain = await firstPreviews(context, client, request);
        const words = (): GenerateBody => request({ guides: [{ name: 'text', params: { prompt: 'a red hat' } }] });
        const supportsWords = (await client.generate(words())).type === 'done';
        const byWords = supportsWords ? await firstPreviews(context, client, words) : [];
        return [...figuresOf('to a picture', plain), ...figuresOf('from words', byWords)];
      } finally {
        await client.close();
      }
    }),
};

async function firstPreviews({ amounts, signal }: BenchContext, client: StreamClient, request: () => GenerateBody) {
  const ms: number[] = [];
  for (let n = 0; n < amounts.previews + WARM_UP && !signal.aborted; n++) {
    await pause(REST_MS);
    const log = await client.generate(request());
    if (n >= WARM_UP) ms.push(firstPictureMs(log));
  }
  return ms;
}

/** A finished picture discards the previews that nobody has taken yet: where a descent is that short, it is the first. */
export function firstPictureMs({
  type,
  ms,
  firstPreviewMs,
}: Pick<RequestLog, 'type' | 'ms' | 'firstPreviewMs'>): number {
  return firstPreviewMs ?? (type === 'done' ? ms : Number.POSITIVE_INFINITY);
}

function figuresOf(what: string, ms: readonly number[]): Figure[] {
  if (ms.length === 0) return [];
  const note = `median of ${ms.length}; slowest ${Math.max(...ms).toFixed(0)} ms`;
  return [figure(`first preview, ${what}`, median(ms), { unit: 'ms', bar: { most: BAR_MS }, note })];
}
