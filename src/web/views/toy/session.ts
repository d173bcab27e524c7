/** State of the Toy view: the painted density, and the network that a worker trains on it. */
import { computed, effect, signal } from '@preact/signals';
import { DRAWINGS, type DrawingName, drawn } from '../../../lab/toy/drawings.ts';
import type { PlayFrame } from '../../../lab/toy/play.ts';
import { dotOf } from '../edit/layer.ts';
import { Painting } from '../edit/painting.ts';
import type { Pixels } from '../edit/pixels.ts';
import type { Order } from './orders.ts';

export const BINS = 64;
/** Number of steps after which training has converged, and pauses to save CPU. */
const PAUSE_AFTER = 400;
const PAINT = '#e0401a';

/** In the order of the list; '' is an empty canvas. */
export const NAMES: readonly (DrawingName | '')[] = [...(Object.keys(DRAWINGS) as DrawingName[]), ''];

export const drawing = signal<DrawingName | ''>('spiral');
export const painting = new Painting(dotOf(PAINT));
painting.fit(BINS);
painting.size.value = 4;
export const count = signal(1000);
export const splits = signal(true);
export const isRunning = signal(false);
export const frame = signal<PlayFrame | null>(null);
/** The previous frame, for the position of pruned nodes. */
export const before = signal<PlayFrame | null>(null);

/** The drawing, scaled to a maximum of 1. */
const ground = computed(() => {
  if (drawing.value === '') return new Float64Array(BINS * BINS);
  const { shares } = drawn(drawing.value, BINS);
  const most = Math.max(...shares);
  return shares.map((share) => share / most);
});

/** The drawing with the painted layer. */
const light = computed(() => {
  const { dots } = painting.layer.value;
  return ground.value.map((value, n) => (dots[n] ? 1 : value));
});

/** The drawing as a picture, light on dark. */
export const groundPixels = computed<Pixels>(() => {
  const data = new Uint8ClampedArray(4 * BINS * BINS).fill(255);
  for (const [n, value] of ground.value.entries()) data.fill(255 * value ** 0.6, 4 * n, 4 * n + 3);
  return { width: BINS, height: BINS, data };
});

export const isBlank = computed(() => light.value.every((value) => value === 0));

let worker: Worker | null = null;
let seed = 1;
/** Step after which training pauses. */
let until = PAUSE_AFTER;
/** Whether training paused by itself: painting resumes it. */
let isIdle = false;
/** Frames requested but not received; at most one. */
let awaited = 0;

function send(order: Order): void {
  if (!worker) return;
  if (order.type === 'begin' || order.type === 'step') awaited++;
  worker.postMessage(order);
}

function requestNext(): void {
  if (awaited === 0 && isRunning.peek() && !isBlank.peek()) send({ type: 'step' });
}

/** Restarts with new nodes. */
export function begin(): void {
  until = PAUSE_AFTER;
  before.value = null;
  const [painted, isSplitting] = [light.peek(), splits.peek()];
  send({ type: 'begin', count: count.peek(), seed: seed++, split: isSplitting, light: painted, bins: BINS });
}

export function run(on: boolean): void {
  [isRunning.value, isIdle] = [on, false];
  until = (frame.peek()?.step ?? 0) + PAUSE_AFTER;
  requestNext();
}

export function stepOnce(): void {
  [isRunning.value, isIdle] = [false, false];
  if (awaited === 0) send({ type: 'step' });
}

function receive(data: PlayFrame): void {
  awaited--;
  const known = frame.peek();
  before.value = known?.points.length === data.points.length ? known : null;
  frame.value = data;
  if (isRunning.peek() && data.step >= until) [isRunning.value, isIdle] = [false, true];
  requestAnimationFrame(requestNext);
}

/** Starts the worker while the view is shown. @returns a function that ends it */
export function open(isMoving: boolean): () => void {
  worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  worker.addEventListener('message', ({ data }: MessageEvent<PlayFrame>) => receive(data));
  [awaited, isIdle, isRunning.value] = [0, false, isMoving];
  begin();
  const ends = [
    effect(() => {
      send({ type: 'paint', light: light.value, bins: BINS });
      if (isIdle) run(true);
      // Frames of the previous run are ignored.
      until = (frame.peek()?.step ?? 0) + PAUSE_AFTER;
      requestNext();
    }),
    effect(() => send({ type: 'split', split: splits.value })),
  ];
  return () => {
    for (const end of ends) end();
    worker?.terminate();
    [worker, isRunning.value, frame.value] = [null, false, null];
  };
}
