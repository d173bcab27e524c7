/**
 * Conformance checks of guides, run by the tests of this repository and by `kandid guides --check` on a user's guide.
 * Each throws an AssertionError that says what was expected.
 */
import assert from 'node:assert/strict';
import { z } from 'zod';
import { type Candidates, type Guide, type GuideContext, type GuideDefinition, GuideProblem } from '../../src/guide.ts';
import { evaluateForm, FINAL_SIDE, levelAt, modelOf, pick, SIDES, someCandidates } from './check-tools.ts';

/** What a guide is checked with. */
export interface GuideExample {
  /** Parameters as a request would give them. @default {} */
  readonly params?: Readonly<Record<string, unknown>>;
  /** A context for a model with `channels`; pictures, folders and networks as the guide needs them. */
  context(model: GuideContext['model']): GuideContext;
}

export interface GuideCheck {
  readonly name: string;
  run(definition: GuideDefinition, example: GuideExample): Promise<void>;
}

const TOLERANCE = 1e-4;
const PATIENCE_MS = 5000;
const never = new AbortController().signal;

async function withGuide(
  definition: GuideDefinition,
  example: GuideExample,
  work: (guide: Guide) => Promise<void>,
  channels = 3,
): Promise<void> {
  const params = definition.params.parse(example.params ?? {});
  const guide = await definition.create(params, example.context(modelOf(channels)));
  try {
    await work(guide);
  } finally {
    await guide.dispose?.();
  }
}

async function scored(guide: Guide, candidates: Candidates): Promise<Float32Array> {
  const scores = await guide.score(candidates, levelAt(candidates.side), never);
  assert.ok(scores instanceof Float32Array, 'score must return a Float32Array');
  assert.equal(
    scores.length,
    candidates.batch * candidates.count,
    'score must return one number per candidate: batch · count',
  );
  for (const [index, score] of scores.entries())
    assert.ok(Number.isFinite(score), `score ${index} is ${score}, expected a finite number`);
  return scores;
}

/** Sides at which the guide scores. */
function sidesOf({ prefers }: Guide): number[] {
  return SIDES.filter(
    (side) => side >= (prefers?.fromSide ?? 1) && side <= (prefers?.toSide ?? Number.POSITIVE_INFINITY),
  );
}

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, message: string): void {
  for (let i = 0; i < expected.length; i++) {
    const [got, wanted] = [actual[i] as number, expected[i] as number];
    assert.ok(
      Math.abs(got - wanted) <= TOLERANCE * Math.max(1e-2, Math.abs(wanted)),
      `${message}: score ${i} is ${got}, expected ${wanted}`,
    );
  }
}

const describesItself: GuideCheck = {
  name: 'has a name, a description, and params that are documented field by field',
  async run({ name, description, params }) {
    assert.match(name, /^[a-z][a-z0-9_]*$/, 'name: lower-case letters, digits and underscores');
    assert.match(description, /^\S.{9,}$/, 'description: one sentence saying what it scores by');
    const schema = z.toJSONSchema(params, { io: 'input', unrepresentable: 'any' });
    assert.equal(schema.type, 'object', 'params must be an object: z.strictObject({ ... })');
    for (const [field, property] of Object.entries(schema.properties ?? {}))
      assert.ok(
        typeof property === 'object' && property.description,
        `params.${field} has no description: add .describe('...')`,
      );
  },
};

const refusesUnknownParams: GuideCheck = {
  name: 'refuses params that it does not know',
  async run({ params }, example) {
    const parsed = params.safeParse({ ...example.params, no_such_param: 1 });
    assert.ok(!parsed.success, 'an unknown field was accepted, so that typing errors go unseen: use z.strictObject');
  },
};

const scoresEverything: GuideCheck = {
  name: 'gives one finite score per candidate at every side',
  run: (definition, example) =>
    withGuide(definition, example, async (guide) => {
      for (const side of SIDES) await scored(guide, someCandidates(side, 2, 5));
      await scored(guide, someCandidates(FINAL_SIDE, 1, 1));
    }),
};

const takesGrayModels: GuideCheck = {
  name: 'works with a gray model, or refuses it with a GuideProblem',
  async run(definition, example) {
    try {
      await withGuide(definition, example, async (guide) => void (await scored(guide, someCandidates(8, 1, 4, 1))), 1);
    } catch (error) {
      assert.ok(error instanceof GuideProblem, `expected a GuideProblem, got ${String(error)}`);
    }
  },
};

const repeats: GuideCheck = {
  name: 'gives the same scores for the same candidates and params',
  async run(definition, example) {
    const answers: Float32Array[] = [];
    const ask = async (guide: Guide) => {
      for (let time = 0; time < 2; time++)
        answers.push((await scored(guide, someCandidates(FINAL_SIDE, 1, 6))).slice());
    };
    await withGuide(definition, example, ask);
    await withGuide(definition, example, ask);
    for (const other of answers.slice(1))
      assertClose(other, answers[0] as Float32Array, 'asked again, it answers otherwise');
  },
};

const leavesInputAlone: GuideCheck = {
  name: 'does not change the candidates',
  run: (definition, example) =>
    withGuide(definition, example, async (guide) => {
      for (const side of sidesOf(guide)) {
        const candidates = someCandidates(side, 2, 4);
        const before = candidates.data.slice();
        await scored(guide, candidates);
        assert.deepEqual(candidates.data, before, 'candidates.data was written to; copy what you change');
      }
    }),
};

const judgesAlone: GuideCheck = {
  name: 'judges a candidate the same in any company and order',
  run: (definition, example) =>
    withGuide(definition, example, async (guide) => {
      for (const side of sidesOf(guide)) {
        const candidates = someCandidates(side, 2, 4);
        const scores = await scored(guide, candidates);
        const order = [6, 1, 4, 3];
        const alone = await scored(guide, pick(candidates, order));
        assertClose(
          alone,
          order.map((place) => scores[place] as number),
          `side ${side}: in other company`,
        );
      }
    }),
};

const seesNoDifference: GuideCheck = {
  name: 'gives equal candidates equal scores',
  run: (definition, example) =>
    withGuide(definition, example, async (guide) => {
      const scores = await scored(guide, pick(someCandidates(FINAL_SIDE, 1, 1), [0, 0, 0]));
      assertClose(scores, Array(3).fill(scores[0]), 'equal candidates');
    }),
};

const stops: GuideCheck = {
  name: 'answers or stops soon after its signal aborts',
  run: (definition, example) =>
    withGuide(definition, example, async (guide) => {
      const answer = (async () =>
        guide.score(someCandidates(FINAL_SIDE, 1, 4), levelAt(FINAL_SIDE), AbortSignal.abort()))();
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise((resolve) => {
        timer = setTimeout(() => resolve('late'), PATIENCE_MS);
      });
      const first = await Promise.race([answer.catch(() => 'stopped'), late]);
      clearTimeout(timer);
      assert.notEqual(first, 'late', `no answer ${PATIENCE_MS} ms after the signal aborted`);
    }),
};

const agreesWithItsForm: GuideCheck = {
  name: 'scores as its linear form says, where it has one',
  run: (definition, example) =>
    withGuide(definition, example, async (guide) => {
      for (const side of SIDES) {
        const form = guide.linear?.(levelAt(side));
        if (!form) continue;
        const candidates = someCandidates(side, 1, 3);
        const length = candidates.data.length / 3;
        const evaluate = (k: number) =>
          evaluateForm(form, candidates.data.subarray(k * length, (k + 1) * length), 3, side);
        assertClose(
          await scored(guide, candidates),
          [0, 1, 2].map(evaluate),
          `side ${side}: score and linear disagree`,
        );
      }
    }),
};

const wantsPossibleThings: GuideCheck = {
  name: 'prefers what can be had',
  run: (definition, example) =>
    withGuide(definition, example, async ({ prefers = {} }) => {
      for (const field of ['fromSide', 'toSide', 'shortlist', 'refine', 'patienceSeconds'] as const) {
        const value = prefers[field];
        assert.ok(value === undefined || value >= Number(field !== 'refine'), `prefers.${field} is ${value}`);
      }
      assert.ok(
        (prefers.toSide ?? Number.POSITIVE_INFINITY) >= (prefers.fromSide ?? 1),
        'prefers.toSide is below fromSide',
      );
      assert.equal(typeof (prefers.asks?.(levelAt(8)) ?? true), 'boolean', 'prefers.asks must return true or false');
      const times = prefers.times?.(levelAt(8)) ?? 1;
      assert.ok(times > 0 && times < Number.POSITIVE_INFINITY, `prefers.times returned ${times}`);
    }),
};

/** All checks, in the order in which they are reported. */
export const GUIDE_CHECKS: readonly GuideCheck[] = [
  describesItself,
  refusesUnknownParams,
  scoresEverything,
  takesGrayModels,
  repeats,
  leavesInputAlone,
  judgesAlone,
  seesNoDifference,
  stops,
  agreesWithItsForm,
  wantsPossibleThings,
];

/** Runs all checks; gives the error message of each, null if it passed. */
export async function checkGuide(
  definition: GuideDefinition,
  example: GuideExample,
): Promise<{ name: string; problem: string | null }[]> {
  const results: { name: string; problem: string | null }[] = [];
  for (const check of GUIDE_CHECKS) {
    try {
      await check.run(definition, example);
      results.push({ name: check.name, problem: null });
    } catch (error) {
      results.push({ name: check.name, problem: error instanceof Error ? error.message : String(error) });
    }
  }
  return results;
}
