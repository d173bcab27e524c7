/** Latency of cancellation. */
import { median } from '../timing.ts';
import { type Part, requestMaker, withServer } from './context.ts';
import { type Figure, figure } from './figure.ts';
import { StreamClient } from './stream-client.ts';

/** Share of the levels after which requests are cancelled: by then a level takes longer than a message between processes. */
const CANCEL_AT = 0.6;

export const cancellation: Part = {
  name: 'cancel',
  description: 'cancel → work stopped',
  run: (context) =>
    withServer(context, {}, async ({ url }): Promise<Figure[]> => {
      const { cancels, cancelCount } = context.amounts;
      const request = await requestMaker();
      const client = await StreamClient.open(url);
      const over: number[] = [];
      const ms: number[] = [];
      for (let n = 0; n < cancels && !context.signal.aborted; n++) {
        let at = 0;
        let level = -1;
        let atLevel = Number.POSITIVE_INFINITY;
        const { last, type } = await client.generate(
          { ...request({ count: cancelCount }), previews: { images: 0 } },
          (message, id) => {
            if (message.type === 'started') atLevel = Math.floor(CANCEL_AT * (message.levels?.length ?? 0));
            if (message.type === 'level') level = message.level ?? level;
            if (at > 0 || level < atLevel) return;
            at = performance.now();
            client.send({ type: 'cancel', id });
          },
        );
        // `level` of the last message is the number of chosen levels; one is in progress at the time of the cancel.
        const chosen = type === 'cancelled' ? (last?.level ?? 0) : level + 1;
        over.push(chosen - (atLevel + 1));
        ms.push(performance.now() - at);
      }
      await client.close();
      const note = `worst of ${over.length} requests for ${cancelCount} pictures each: ${over.join(', ')}`;
      return [
        figure('cancel → levels chosen after it', Math.max(...over), { unit: 'levels', bar: { most: 1 }, note }),
        figure('cancel → answered with the best pictures so far', median(ms), {
          unit: 'ms',
          note: `slowest ${Math.max(...ms).toFixed(0)} ms, most of it the drawing of the pictures`,
        }),
      ];
    }),
};
