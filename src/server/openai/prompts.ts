/** Prompts as chat programs write them, longer than the text model reads. */
import { MOST_PROMPT } from '../../contract/fields.ts';

export interface Shortened {
  readonly prompt: string;
  /** What to tell of it; empty where all is read. */
  readonly notes: readonly string[];
}

/** Up to the last word that is whole. */
export function shortened(prompt: string, what = 'prompt'): Shortened {
  if (prompt.length <= MOST_PROMPT) return { prompt, notes: [] };
  const head = prompt.slice(0, MOST_PROMPT + 1);
  const words = head.replace(/\s+\S*$/, '');
  // Text without spaces is cut between characters, never within one.
  const kept = words.length <= MOST_PROMPT ? words : head.slice(0, MOST_PROMPT).replace(/[\ud800-\udbff]$/, '');
  return {
    prompt: kept,
    notes: [`The ${what} has ${prompt.length} characters; its first ${kept.length} were read, the rest was left out.`],
  };
}
