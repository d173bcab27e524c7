/** Latency through Redis: the first preview, and a cancel at another gateway. */
import { type BenchContext, requestMaker } from '../server/context.ts';
import { ask } from '../server/http-client.ts';
import { ServerProcess } from '../server/server-process.ts';
import { StreamClient } from '../server/stream-client.ts';
import { median } from '../timing.ts';
import { withCluster } from './cluster.ts';
import { type ClusterContext, type ClusterFigures, put } from './context.ts';

const WARM_UP = 3;
/** Number of results of a cancelled request: a level takes longer than a message. */
const CANCELLED_RESULTS = 64;
/** Share of the levels after which requests are cancelled. */
const CANCEL_AT = 0.6;

export async function latency(context: ClusterContext): Promise<ClusterFigures> {
  const { base, amounts, signal } = context;
  const { guides: _, settings: _none, ...server } = base;
  const embedded = await ServerProcess.start(server);
  const alone = await firstPreviews(embedded.url, amounts.previews, signal).finally(() => embedded.stop());
  return await withCluster({ ...base, gateways: 2, workers: 1 }, async ({ urls }) => {
    const figures: ClusterFigures = new Map();
    const shared = await firstPreviews(urls[0] as string, amounts.previews, signal);
    put(figures, 'preview.embeddedMs', median(alone), { unit: 'ms' });
    put(figures, 'preview.clusterMs', median(shared), { unit: 'ms' });
    put(figures, 'preview.addedMs', median(shared) - median(alone), { unit: 'ms', bar: { most: 10 } });
    const over = await cancels(urls, amounts.cancels, signal);
    put(figures, 'cancel.levels', Math.max(...over), {
      bar: { most: 1 },
      note: `levels chosen after a cancel at the other gateway: ${over.join(', ')}`,
    });
    return figures;
  });
}

/** Milliseconds to the first preview of sequential requests. */
async function firstPreviews(url: string, count: number, signal: BenchContext['signal']): Promise<number[]> {
  const request = await requestMaker();
  const client = await StreamClient.open(url);
  const times: number[] = [];
  for (let n = 0; n < WARM_UP + count && !signal.aborted; n++) {
    const { firstPreviewMs } = await client.generate({ ...request(), previews: { images: 1, perSecond: 60 } });
    if (n >= WARM_UP && firstPreviewMs !== null) times.push(firstPreviewMs);
  }
  await client.close();
  return times;
}

/** Per request, the number of levels chosen after a cancel over HTTP at the other gateway. */
async function cancels(urls: readonly string[], count: number, signal: BenchContext['signal']): Promise<number[]> {
  const [url, other] = urls as [string, string];
  const request = await requestMaker();
  const client = await StreamClient.open(url);
  const over: number[] = [];
  for (let n = 0; n < count && !signal.aborted; n++) {
    let level = -1;
    let atLevel = Number.POSITIVE_INFINITY;
    let cancelled: Promise<unknown> | null = null;
    const body = { ...request({ count: CANCELLED_RESULTS }), previews: { images: 0 } };
    const { last, type } = await client.generate(body, (message) => {
      if (message.type === 'started') atLevel = Math.floor(CANCEL_AT * (message.levels?.length ?? 0));
      if (message.type === 'level') level = message.level ?? level;
      if (cancelled || level < atLevel || message.job === undefined) return;
      cancelled = ask(`${other}/v1/jobs/${message.job}`, { method: 'DELETE' });
    });
    await cancelled;
    // `level` of the last message is the number of chosen levels; one is in progress at the time of the cancel.
    const chosen = type === 'cancelled' ? (last?.level ?? 0) : level + 1;
    over.push(chosen - (atLevel + 1));
  }
  await client.close();
  return over;
}
