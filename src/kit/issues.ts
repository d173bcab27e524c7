/** Describes the first problem found by a zod schema. */
import type { z } from 'zod';

/** The location of the first problem, and a description. */
export interface FirstIssue {
  /** Field names and indices joined by dots; '(all)' for the value as a whole. */
  readonly field: string;
  /** Part of a sentence, without a full stop. */
  readonly problem: string;
}

/** Largest number of characters of each: field names come from the caller, and may be of any length. */
const [MAX_FIELD, MAX_PROBLEM] = [200, 500];

export function firstIssue(error: Pick<z.core.$ZodError, 'issues'>): FirstIssue {
  const { field, problem } = wholeIssue(error);
  return { field: field.slice(0, MAX_FIELD), problem: problem.slice(0, MAX_PROBLEM) };
}

function wholeIssue({ issues }: Pick<z.core.$ZodError, 'issues'>): FirstIssue {
  // A misspelt name explains what is missing.
  const first = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  const issue = first && mostSpecific(first);
  const path = issue?.path.map(String) ?? [];
  if (issue?.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const hint = path.length === 0 && Object.hasOwn(HINTS, key) ? `: ${HINTS[key]}` : '';
    return { field: [...path, key].join('.') || '(all)', problem: `${NO_SUCH_FIELD}${hint}` };
  }
  return { field: path.join('.') || '(all)', problem: issue ? problemOf(issue) : 'not as expected' };
}

/** How the problem of a field that does not exist begins. */
export const NO_SUCH_FIELD = 'there is no such field';

const WORDS = 'words go to the guide text, as in "guides": [{"name": "text", "params": {"prompt": "a sad man"}}]';
/** Fields of other image APIs, and what they are here. */
const HINTS: Readonly<Record<string, string>> = {
  prompt: WORDS,
  negative_prompt: `${WORDS}; what to avoid is its "negative"`,
  n: 'the number of pictures is "count"',
  width: 'pictures are square; their side is "size"',
  height: 'pictures are square; their side is "size"',
  steps: 'a model has as many levels as it was trained with',
};

function problemOf(issue: z.core.$ZodIssue): string {
  // Others were written for the field.
  const isOwn = !/^(?:Too big|Too small|Invalid option): /.test(issue.message);
  if (isOwn) return plain(issue.message);
  if (issue.code === 'too_big')
    return `expected ${issue.inclusive === false ? 'less than' : 'at most'} ${counted(issue.maximum, issue)}`;
  if (issue.code === 'too_small')
    return `expected ${issue.inclusive === false ? 'more than' : 'at least'} ${counted(issue.minimum, issue)}`;
  if (issue.code === 'invalid_value')
    return `expected one of ${issue.values.map((one) => JSON.stringify(one)).join(', ')}`;
  return plain(issue.message);
}

const UNITS: Readonly<Record<string, string>> = { string: 'character', array: 'entry', set: 'entry' };

/** A bound, with what it counts. */
function counted(value: number | bigint, { origin }: { readonly origin: string }): string {
  const unit = Object.hasOwn(UNITS, origin) ? UNITS[origin] : undefined;
  if (unit === undefined) return `${value}`;
  return `${value} ${Number(value) === 1 ? unit : unit.replace(/y$/, 'ie').concat('s')}`;
}

/** Rewrites a zod message as part of a sentence. */
function plain(message: string): string {
  return message
    .replace(/^Invalid input: /, '')
    .replace(/expected int\b/, 'expected a whole number')
    .replace(/received undefined$/, 'received nothing')
    .replace(/\.$/, '');
}

type Issue = z.core.$ZodIssue;

/** For a union without a match: the problem of the alternative with the right type, or else the accepted types. */
function mostSpecific(issue: Issue): Issue {
  if (issue.code !== 'invalid_union' || issue.message !== 'Invalid input') return issue;
  const firsts = issue.errors.flatMap(([first]) => (first ? [first] : []));
  const inner = firsts.find(({ code, path }) => code !== 'invalid_type' || path.length > 0);
  if (inner) return mostSpecific({ ...inner, path: [...issue.path, ...inner.path] });
  const types = firsts.map((first) => (first.code === 'invalid_type' ? first.expected : ''));
  const message = firsts[0]?.message.replace(/expected \w+/, `expected ${types.join(' or ')}`) ?? issue.message;
  return { ...issue, message };
}
