/** How soon work stops that nobody wants any more. */
import { median } from '../timing.ts';
import { type Part, requestMaker, withServer } from './context.ts';
import { type Figure, figure } from './figure.ts';
import { Talker } from './stream-client.ts';

/** Cancelled after this share of the levels: by then one takes longer than a message from process to process. */
const AT = 0.6;

export const cancelling: Part = {
  name: 'cancel',
  what: 'cancel → work stopped',
  run: (place) =>
    withServer(place, {}, async ({ url }): Promise<Figure[]> => {
      const { cancels, cancelCount } = place.amounts;
      const request = await requestMaker();
      const talker = await Talker.open(url);
      const over: number[] = [];
      const ms: number[] = [];
      for (let n = 0; n < cancels && !place.signal.aborted; n++) {
        let at = 0;
        let told = -1;
        let atLevel = Number.POSITIVE_INFINITY;
        const { last, type } = await talker.generate(
          { ...request({ count: cancelCount }), previews: { images: 0 } },
          (came, id) => {
            if (came.type === 'started') atLevel = Math.floor(AT * (came.levels?.length ?? 0));
            if (came.type === 'level') told = came.level ?? told;
            if (at > 0 || told < atLevel) return;
            at = performance.now();
            talker.say({ type: 'cancel', id });
          },
        );
        // `level` of the end counts the levels that were chosen; one is on its way at the time of the cancel.
        const chosen = type === 'cancelled' ? (last?.level ?? 0) : told + 1;
        over.push(chosen - (atLevel + 1));
        ms.push(performance.now() - at);
      }
      await talker.close();
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
