/** Scores by a person, who is shown a shortlist at some levels and picks from it. */
import { z } from 'zod';
import { type Candidates, defineGuide, GuideProblem, type LevelInfo, type Picture } from '../src/guide.ts';

const params = z.strictObject({
  question: z.string().min(1).max(200).default('Which do you like best?').describe('The question shown to the person.'),
  shortlist: z
    .int()
    .min(2)
    .max(64)
    .default(9)
    .describe('Number of candidates shown to the person, spread over all candidates of the level.'),
  questionsPerSide: z
    .int()
    .min(1)
    .max(64)
    .default(1)
    .describe('Number of levels of each side at which the person is asked; the first ones of the side are used.'),
  fromSide: z.int().min(1).max(4096).default(4).describe('Smallest side, in pixels, at which the person is asked.'),
  toSide: z
    .int()
    .min(1)
    .max(4096)
    .optional()
    .describe('Largest side, in pixels, at which the person is asked. Default: the side of the last level.'),
  finishes: z
    .boolean()
    .default(true)
    .describe('Whether small candidates are shown with what each is likely to become, where the model has a prior.'),
  patienceSeconds: z.number().min(1).max(3600).default(600).describe('Time limit of one answer, in seconds.'),
});

function pictureOf({ data, channels, side }: Candidates, n: number): Picture {
  const length = channels * side * side;
  return { data: data.slice(n * length, (n + 1) * length), channels, width: side, height: side };
}

/** The first pick scores highest; candidates that were not picked score 0, so that an empty answer expresses no preference. */
function writeScores(picked: readonly number[], count: number, scores: Float32Array, at: number): void {
  const liked = [...new Set(picked)];
  for (const [place, index] of liked.entries()) {
    if (!Number.isInteger(index) || index < 0 || index >= count)
      throw new GuideProblem(
        `the person picked picture ${index}: expected whole numbers from 0 to ${count - 1}; choose among the pictures shown`,
      );
    scores[at + index] = liked.length - place;
  }
}

/** Whether a level is among the first `perSide` levels of its side that it was called with: once for all, right whoever asks. */
function firstOfSide(perSide: number): (level: LevelInfo) => boolean {
  const seen = new Map<number, readonly number[]>();
  return ({ side, index }) => {
    const first = [...new Set([...(seen.get(side) ?? []), index])].sort((a, b) => a - b).slice(0, perSide);
    seen.set(side, first);
    return first.includes(index);
  };
}

export default defineGuide({
  name: 'human',
  description: 'The person who made the request picks candidates, over an open stream.',
  params,
  recorded: ['question', 'shortlist', 'questionsPerSide', 'fromSide', 'toSide', 'finishes', 'patienceSeconds'],
  create({ question, shortlist, questionsPerSide, fromSide, toSide, finishes, patienceSeconds }, context) {
    const ask = context.person;
    if (!ask)
      throw new GuideProblem(
        'no person is listening: expected a request over the stream (WebSocket /v1/stream), where candidates can be shown; use it, or another guide',
      );
    return {
      prefers: {
        fromSide,
        shortlist,
        patienceSeconds,
        asks: firstOfSide(questionsPerSide),
        ...(toSide === undefined ? {} : { toSide }),
      },
      async score(candidates, level, signal) {
        const { batch, count } = candidates;
        const scores = new Float32Array(batch * count);
        const ends = finishes ? await candidates.finishes?.() : undefined;
        for (let descent = 0; descent < batch; descent++) {
          signal.throwIfAborted();
          const pictures = Array.from({ length: count }, (_, k) => pictureOf(candidates, descent * count + k));
          const own = ends && { finishes: ends.slice(descent * count, (descent + 1) * count) };
          const picks = await ask({ descent, level, pictures, text: question, ...own }, signal);
          writeScores(picks, count, scores, descent * count);
        }
        return scores;
      },
    };
  },
});
