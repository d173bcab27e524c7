/** Command: writes src/lab/evaluate/prompts.ts, the fixed list of prompts of the text task. Run again only to start a new list. */
import { writeFileSync } from 'node:fs';
import { captionsOf } from '../../src/lab/datasets/avatar-captions.ts';
import type { AttributeValues } from '../../src/lab/datasets/avatar-style.ts';
import { drawAvatar, visibleLabels } from '../../src/lab/datasets/avatars.ts';
import { AVATAAARS, type AvataaarsAttribute } from '../../src/lab/datasets/styles/avataaars.ts';

const PER_SIZE = 50;
const SIZES = [1, 2, 3, 4];

/** "without glasses" is most of the data set: asking for it often would make the task easy. */
const MAX_WITHOUT = 2;

const prompts: { text: string; wants: Record<string, string[]> }[] = [];
for (const size of SIZES) {
  const texts = new Set<string>();
  const attributes = new Map<string, number>();
  let without = 0;
  for (let n = 0; texts.size < PER_SIZE; n++) {
    const seed = `prompt-${size}-${n}`;
    const labels = visibleLabels(AVATAAARS, drawAvatar(AVATAAARS, seed));
    for (const { text, about } of captionsOf(AVATAAARS, seed, labels)) {
      const named = about.filter((part) => part !== 'person');
      if (named.length !== size || texts.has(text) || texts.size >= PER_SIZE) continue;
      const wants = Object.fromEntries(named.map((part) => wanted(part, labels)));
      if (Object.keys(wants).length !== size) continue;
      const isWithout = Object.values(wants).some(([value]) => value === 'none');
      if (isWithout && without >= MAX_WITHOUT) continue;
      // A list of fifty should not be forty mouths: no attribute more often than twice its fair share.
      const most = Math.ceil((2 * size * PER_SIZE) / Object.keys(AVATAAARS.attributes).length) + 2;
      if (named.some((part) => (attributes.get(attributeOf(part)) ?? 0) >= most)) continue;
      for (const part of named) attributes.set(attributeOf(part), (attributes.get(attributeOf(part)) ?? 0) + 1);
      if (isWithout) without += 1;
      texts.add(text);
      prompts.push({ text, wants });
      break;
    }
  }
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

const lines = prompts.map(({ text, wants }) => {
  const wanting = Object.entries(wants).map(([attribute, values]) => `${attribute}: '${values.join('|')}'`);
  return `  [${JSON.stringify(text).replaceAll("'", '\u2019').replace(/^"|"$/g, "'")}, { ${wanting.join(', ')} }],`;
});
writeFileSync(
  'src/lab/evaluate/prompts.ts',
  `/**
 * The fixed prompts of the text task, fifty each of one to four attributes, and what makes a picture true to them: of each
 * attribute the value, or any of several. Made once by scripts/make/prompts.ts from seeds that no data set uses.
 */
import type { AvataaarsAttribute } from '../datasets/styles/avataaars.ts';

export type PromptRow = readonly [text: string, wants: Readonly<Partial<Record<AvataaarsAttribute, string>>>];

// biome-ignore format: one prompt a line
export const PROMPTS: readonly PromptRow[] = [
${lines.join('\n')}
];
`,
);
