/** Trains in a worker; computes the next frame on request. */
import { Play } from '../../../lab/toy/play.ts';
import type { Order } from './orders.ts';

let play: Play | null = null;

addEventListener('message', ({ data: order }: MessageEvent<Order>) => {
  if (order.type === 'begin') {
    play = new Play(order.count, order.seed);
    play.split = order.split;
    play.paint(order.light, order.bins);
    postMessage(play.frame());
  } else if (order.type === 'paint') play?.paint(order.light, order.bins);
  else if (order.type === 'split') {
    if (play) play.split = order.split;
  } else if (play) postMessage(play.step());
});
