/** Example events of jobs. */
import type { JobQueued } from '../../src/server/jobs/event-log.ts';
import type { JobCancelled, JobDone, JobLevel, JobPreview, JobQuestion } from '../../src/worker/messages.ts';

const timings = { network: 1, guides: 2, engine: 3 };

export const queued = (position: number): JobQueued => ({ type: 'queued', position, estimateSeconds: null });

export const level = (number: number): JobLevel => ({
  type: 'level',
  level: number,
  side: 4,
  choices: [1],
  scores: [null],
  guideScores: [],
  timings,
});

export const preview = (number: number, image = 0, kept = false): JobPreview => ({
  type: 'preview',
  image,
  level: number,
  side: 4,
  choice: 1,
  kept,
  bytes: new Uint8Array(10),
  mime: 'image/webp',
  width: 4,
  height: 4,
});

export const question = (number: number): JobQuestion => ({
  type: 'question',
  question: number,
  image: 0,
  level: 1,
  side: 4,
  count: 4,
  finishes: 0,
  columns: 2,
  gap: 4,
  text: '?',
  seconds: 60,
  bytes: new Uint8Array(10),
  mime: 'image/png',
  width: 4,
  height: 4,
});

export const done = (bytes = 100): JobDone => ({
  type: 'done',
  model: 'tiny',
  hash: 'a'.repeat(64),
  seed: 1,
  notes: [],
  timings,
  guides: [{ name: 'text', calls: 2, candidates: 8, ms: 500 }],
  results: [
    { code: [1], codeString: 'AA', bytes: new Uint8Array(bytes), mime: 'image/png', width: 8, height: 8, image: 0 },
  ],
});

export const cancelled = (): JobCancelled => ({ ...done(), type: 'cancelled', level: 1 });
