/** Reads the lexicon of a text model from its folder: tokenizer.json, and of our own vocabulary.json and synonyms.json. */
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
});
/** Groups of texts, each about one thing that a picture shows one of ("red hair", "ginger hair", "black hair", …). */
const groups = z
  .record(z.string(), z.array(z.string().min(1).max(500)).min(2).max(256))
  .refine((all) => Object.keys(all).length <= 64, 'at most 64 groups');

/** Tokenizers of whole words; others take any text apart into pieces that they know. */
const OF_WORDS: readonly string[] = ['WordPiece', 'WordLevel'];

/**
 * The lexicon; null where the tokenizer knows pieces of every word, and cannot say which words mean anything.
 *
 * @throws {Error} where a file is there and is something else than expected
 */
export async function readLexicon(folder: string): Promise<LexiconParts | null> {
  const read = await readJson(join(folder, 'tokenizer.json'));
  if (read === undefined) return null;
  const { model, added_tokens } = tokenizer.parse(read);
  if (!OF_WORDS.includes(model.type)) return null;
  const special = new Set(added_tokens.map(({ content }) => content));
  const words = Object.keys(vocab.parse(model.vocab)).filter((word) => !special.has(word));
  const said = synonyms.parse((await readJson(join(folder, 'synonyms.json'))) ?? {});
  return { words, ...said, groups: await readGroups(folder) };
}

/** The groups of vocabulary.json; none where there is no such file. @throws {Error} where it is something else */
export async function readGroups(folder: string): Promise<Readonly<Record<string, readonly string[]>>> {
  return groups.parse((await readJson(join(folder, 'vocabulary.json'))) ?? {});
}

/** undefined where there is no such file. */
async function readJson(path: string): Promise<unknown> {
  const content = await readFile(path, 'utf8').catch(() => undefined);
  return content === undefined ? undefined : JSON.parse(content);
}
