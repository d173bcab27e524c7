/** All measurements of the server, in order. */
import { cancellation } from './cancellation.ts';
import { concurrency } from './concurrency.ts';
import type { Part } from './context.ts';
import { hostile } from './hostile/hostile.ts';
import { mixedLoad } from './mixed-load.ts';
import { overload } from './overload.ts';
import { permalinks } from './permalinks.ts';
import { previews } from './previews.ts';
import { slowReader } from './slow-reader.ts';
import { workerKills } from './worker-kills.ts';

export const PARTS: readonly Part[] = [
  ...[previews, concurrency, cancellation, slowReader, overload, workerKills, permalinks, mixedLoad, hostile],
];
