/**
 * Reads the lexicon of a text model from its folder: tokenizer.json, and Kandid's vocabulary.json and synonyms.json.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { LexiconParts } from './lexicon.ts';

const tokenizer = z.looseObject({
  model: z.looseObject({ type: z.string(), vocab: z.unknown() }),
  added_tokens: z.array(z.looseObject({ content: z.string() })).default([]),
});
const vocab = z.record(z.string(), z.number());
const text = z.string().min(1).max(100);
const synonyms = z.strictObject({
  synonyms: z.record(text, text).default({}),
  traits: z.record(text, text).default({}),
  implied: z
    .array(z.strictObject({ words: z.array(text).min(1), phrase: text, unless: z.array(text).default([]) }))
    .default([]),
  colorless: z.array(text).default([]),
  absences: z.record(text, text).default({}),
});
/**
 * Groups of texts on one attribute each, of which a picture shows exactly one ("red hair", "ginger hair", "black hair",
 * …).
 */
const groups = z
  .record(z.string(), z.array(z.string().min(1).max(500)).min(2).max(256))
  .refine((all) => Object.keys(all).length <= 64, 'at most 64 groups');

/** Tokenizers of whole words; others split any text into known pieces. */
const OF_WORDS: readonly string[] = ['WordPiece', 'WordLevel'];

/**
 * Reads the lexicon; null if the tokenizer knows pieces of every word, and so cannot tell which words have a meaning.
 *
 * @throws {Error} if a file exists but is malformed
 */
export async function readLexicon(folder: string): Promise<LexiconParts | null> {
  const read = await readJson(join(folder, 'tokenizer.json'));
  if (read === undefined) return null;
  const { model, added_tokens } = tokenizer.parse(read);
  if (!OF_WORDS.includes(model.type)) return null;
  const special = new Set(added_tokens.map(({ content }) => content));
  const words = Object.keys(vocab.parse(model.vocab)).filter((word) => !special.has(word));
  const parsed = synonyms.parse((await readJson(join(folder, 'synonyms.json'))) ?? {});
  return { words, ...parsed, groups: await readGroups(folder) };
}

/** Reads the groups of vocabulary.json; empty if there is no such file. @throws {Error} if it is malformed */
export async function readGroups(folder: string): Promise<Readonly<Record<string, readonly string[]>>> {
  return groups.parse((await readJson(join(folder, 'vocabulary.json'))) ?? {});
}

/** Reads a file as JSON; undefined if there is no such file. */
async function readJson(path: string): Promise<unknown> {
  const content = await readFile(path, 'utf8').catch(() => undefined);
  return content === undefined ? undefined : JSON.parse(content);
}
