/** Scores by a person, who now and then picks from a shortlist. */
import { z } from 'zod';
import { type Candidates, defineGuide, GuideProblem, type LevelInfo, type Picture } from '../src/guide.ts';

const params = z.strictObject({
  question: z.string().min(1).max(200).default('Which do you like best?').describe('What the person is asked.'),
  shortlist: z.int().min(2).max(64).default(9).describe('How many candidates the person is shown, spread over all.'),
  questionsPerSide: z
    .int()
    .min(1)
    .max(64)
    .default(1)
    .describe('At how many levels of each side the person is asked: the first so many.'),
  fromSide: z.int().min(1).max(4096).default(4).describe('Asked from this side on, in pixels.'),
  toSide: z
    .int()
    .min(1)
    .max(4096)
    .optional()
    .describe('Asked up to this side, in pixels. Left out: up to the last level.'),
  patienceSeconds: z.number().min(1).max(3600).default(600).describe('How long one answer may take.'),
});

function pictureOf({ data, channels, side }: Candidates, n: number): Picture {
  const length = channels * side * side;
  return { data: data.slice(n * length, (n + 1) * length), channels, width: side, height: side };
}

/** Candidates picked first score highest; those not picked 0, so that no pick is no opinion. */
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

/** Tells, level by level of rising index, whether it is among the first `perSide` of its side; the same for every descent. */
function firstOfSide(perSide: number): (level: LevelInfo) => boolean {
  const seen = new Map<number, Set<number>>();
  return ({ side, index }) => {
    const levels = seen.get(side) ?? new Set();
    seen.set(side, levels);
    if (levels.size < perSide) levels.add(index);
    return levels.has(index);
  };
}

export default defineGuide({
  name: 'human',
  description: 'The person who asked picks the candidates they like, through an open stream.',
  params,
  recorded: ['question', 'shortlist', 'questionsPerSide', 'fromSide', 'toSide', 'patienceSeconds'],
  create({ question, shortlist, questionsPerSide, fromSide, toSide, patienceSeconds }, context) {
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
        for (let descent = 0; descent < batch; descent++) {
          signal.throwIfAborted();
          const pictures = Array.from({ length: count }, (_, k) => pictureOf(candidates, descent * count + k));
          writeScores(await ask({ descent, level, pictures, text: question }, signal), count, scores, descent * count);
        }
        return scores;
      },
    };
  },
});
