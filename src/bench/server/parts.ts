/** All measurements of the server, in order. */
import { cancelling } from './cancelling.ts';
import { kills } from './kills.ts';
import { mixed } from './mixed.ts';
import { overload } from './overload.ts';
import { permalinks } from './permalinks.ts';
import type { Part } from './place.ts';
import { previews } from './previews.ts';
import { slowReader } from './slow-reader.ts';
import { together } from './together.ts';

export const PARTS: readonly Part[] = [
  ...[previews, together, cancelling, slowReader, overload, kills, permalinks, mixed],
];
