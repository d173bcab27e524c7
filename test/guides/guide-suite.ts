/** The conformance suite: every check of `guides/lib/checks.ts` as a test, for any guide, yours included. */
import { describe, it } from 'node:test';
import { GUIDE_CHECKS, type GuideExample } from '../../guides/lib/checks.ts';
import type { GuideDefinition } from '../../src/guide.ts';
import { type FakeParts, fakeContext } from './fake-context.ts';

export interface SuiteOptions extends FakeParts {
  /** Parameters as a request would give them. */
  readonly params?: GuideExample['params'];
  /** Checks left out, by a word of their name, and why. */
  readonly skip?: Readonly<Record<string, string>>;
}

/** Declares the tests of a guide; call it at the top of a test file. */
export function testGuide(definition: GuideDefinition, options: SuiteOptions = {}): void {
  const { params = {}, skip = {}, ...parts } = options;
  const example: GuideExample = { params, context: (model) => fakeContext({ ...parts, model }) };
  describe(`guide ${definition.name}: conformance checks`, () => {
    for (const check of GUIDE_CHECKS) {
      const reason = Object.entries(skip).find(([word]) => check.name.includes(word))?.[1];
      it(check.name, { skip: reason ?? false }, () => check.run(definition, example));
    }
  });
}
