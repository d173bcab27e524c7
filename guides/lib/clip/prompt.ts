/** Weights in a prompt: "a man with (red hair:1.3)". */

export interface WeighedPart {
  readonly text: string;
  readonly weight: number;
}

export interface Prompt {
  /** The words without brackets and weights. */
  readonly text: string;
  readonly parts: readonly WeighedPart[];
}

const PART = /\(([^():]{1,500}):\s*(\d{1,2}(?:\.\d{1,3})?)\s*\)/g;

/** Anything in brackets that is no weight stays as it is. */
export function readPrompt(prompt: string): Prompt {
  const parts = [...prompt.matchAll(PART)].map(([, text = '', weight]) => ({
    text: text.trim(),
    weight: Number(weight),
  }));
  const text = prompt.replace(PART, (_, inner: string) => inner.trim());
  return { text, parts: parts.filter((part) => part.text !== '') };
}

/** Weight of a phrase: that of the weighed part in it or around it; 1 without one. */
export function weightOf(phrase: string, parts: readonly WeighedPart[]): number {
  return parts.find(({ text }) => phrase.includes(text) || text.includes(phrase))?.weight ?? 1;
}
