/** Shortens prompts of chat programs to what the text model reads. */
import { MAX_PROMPT } from '../../contract/fields.ts';

export interface Shortened {
  readonly prompt: string;
  /** Notes for the response; empty if the whole prompt was read. */
  readonly notes: readonly string[];
}

/** Cuts a prompt after its last whole word that fits. */
export function shortened(prompt: string, what = 'prompt'): Shortened {
  if (prompt.length <= MAX_PROMPT) return { prompt, notes: [] };
  const head = prompt.slice(0, MAX_PROMPT + 1);
  const words = head.replace(/\s+\S*$/, '');
  // Text without spaces is cut between characters, never inside a surrogate pair.
  const kept = words.length <= MAX_PROMPT ? words : head.slice(0, MAX_PROMPT).replace(/[\ud800-\udbff]$/, '');
  return {
    prompt: kept,
    notes: [`The ${what} has ${prompt.length} characters; its first ${kept.length} were read, the rest was left out.`],
  };
}
