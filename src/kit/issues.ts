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
  const issue = issues[0] && mostSpecific(issues[0]);
  const path = issue?.path.map(String) ?? [];
  if (issue?.code === 'unrecognized_keys')
    return { field: [...path, ...issue.keys.slice(0, 1)].join('.') || '(all)', problem: 'there is no such field' };
  return { field: path.join('.') || '(all)', problem: plain(issue?.message ?? 'not as expected') };
}

/** Rewrites a zod message as part of a sentence. */
function plain(message: string): string {
  return message
    .replace(/^Invalid input: /, '')
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
