/** All measurements of the server, in order. */
import { cancelling } from './cancellation.ts';
import { together } from './concurrency.ts';
import type { Part } from './context.ts';
import { mixed } from './mixed-load.ts';
import { overload } from './overload.ts';
import { permalinks } from './permalinks.ts';
import { previews } from './previews.ts';
import { slowReader } from './slow-reader.ts';
import { kills } from './worker-kills.ts';

export const PARTS: readonly Part[] = [
  ...[previews, together, cancelling, slowReader, overload, kills, permalinks, mixed],
];
