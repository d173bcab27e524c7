/**
 * Command: writes src/lab/evaluate/prompts.ts, the fixed prompts of the text task; with the argument `long`, long-prompts.ts.
 * Run again only to start a new list: captions, and with them prompts, have changed since.
 */
import { writeFileSync } from 'node:fs';
import { captionsOf } from '../../src/lab/datasets/avatar-captions.ts';
import type { AttributeValues } from '../../src/lab/datasets/avatar-style.ts';
import { drawAvatar, visibleLabels } from '../../src/lab/datasets/avatars.ts';
import { AVATAAARS, type AvataaarsAttribute } from '../../src/lab/datasets/styles/avataaars.ts';

/** "without glasses" is most of the data set: asking for it often would make the task easy. */
const MAX_WITHOUT = 2;

interface Prompt {
  readonly text: string;
  readonly wants: Readonly<Record<string, readonly string[]>>;
}

/** So many captions that name so many attributes. */
function promptsOfSize(size: number, count: number): Prompt[] {
  const prompts = new Map<string, Prompt>();
  const attributes = new Map<string, number>();
  let without = 0;
  for (let n = 0; prompts.size < count; n++) {
    const seed = `prompt-${size}-${n}`;
    const labels = visibleLabels(AVATAAARS, drawAvatar(AVATAAARS, seed));
    for (const { text, about } of captionsOf(AVATAAARS, seed, labels)) {
      const named = about.filter((part) => part !== 'person');
      if (named.length !== size || prompts.has(text) || prompts.size >= count) continue;
      const wants = Object.fromEntries(named.map((part) => wanted(part, labels)));
      if (Object.keys(wants).length !== size) continue;
      const isWithout = Object.values(wants).some(([value]) => value === 'none');
      if (isWithout && without >= MAX_WITHOUT) continue;
      // A list of fifty should not be forty mouths: no attribute more often than twice its fair share.
      const most = Math.ceil((2 * size * count) / Object.keys(AVATAAARS.attributes).length) + 2;
      if (named.some((part) => (attributes.get(attributeOf(part)) ?? 0) >= most)) continue;
      for (const part of named) attributes.set(attributeOf(part), (attributes.get(attributeOf(part)) ?? 0) + 1);
      if (isWithout) without += 1;
      prompts.set(text, { text, wants });
      break;
    }
  }
  return [...prompts.values()];
}

function attributeOf(part: string): string {
  return part.split('~')[0] as string;
}

function wanted(part: string, labels: Partial<Record<AvataaarsAttribute, string>>): [string, string[]] {
  const [attribute, kind] = part.split('~') as [AvataaarsAttribute, string | undefined];
  const values: AttributeValues = AVATAAARS.attributes[attribute];
  if (kind === undefined) return [attribute, [labels[attribute] as string]];
  return [attribute, Object.keys(values).filter((value) => values[value]?.kind === kind)];
}

function lineOf({ text, wants }: Prompt): string {
  const wanting = Object.entries(wants).map(([attribute, values]) => `${attribute}: '${values.join('|')}'`);
  return `  [${JSON.stringify(text).replaceAll("'", '\u2019').replace(/^"|"$/g, "'")}, { ${wanting.join(', ')} }],`;
}

const ORIGIN = 'from seeds that no data set uses';
const SHORT = `/**
 * The fixed prompts of the text task, fifty each of one to four attributes, and what makes a picture true to them: of each
 * attribute the value, or any of several. Made once by scripts/make/prompts.ts ${ORIGIN}.
 */
import type { AvataaarsAttribute } from '../datasets/styles/avataaars.ts';

export type PromptRow = readonly [text: string, wants: Readonly<Partial<Record<AvataaarsAttribute, string>>>];

// biome-ignore format: one prompt a line
export const PROMPTS: readonly PromptRow[] = [
`;
const LONG = `/** The fixed prompts of the task text_long, as \`prompts.ts\`: made once by \`scripts/make/prompts.ts long\`. */
import type { PromptRow } from './prompts.ts';

/** Of five attributes each, as people describe a face. */
// biome-ignore format: one prompt a line
export const LONG_PROMPTS: readonly PromptRow[] = [
`;
const isLong = process.argv[2] === 'long';
const rows = (isLong ? promptsOfSize(5, 80) : [1, 2, 3, 4].flatMap((size) => promptsOfSize(size, 50))).map(lineOf);
writeFileSync(
  `src/lab/evaluate/${isLong ? 'long-prompts' : 'prompts'}.ts`,
  `${isLong ? LONG : SHORT}${rows.join('\n')}\n];\n`,
);
