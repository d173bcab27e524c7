/** The avatars data set as files: pictures.npy, labels.jsonl and dataset.json in a folder. Deterministic and resumable. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KandidError } from '../../errors.ts';
import { captionsOf, personOf, promptsOf } from './avatar-captions.ts';
import { AVATAR_ATTRIBUTE_NAMES, AVATAR_ATTRIBUTES, type AvatarAttribute, type AvatarValue } from './avatar-words.ts';
import { drawAvatar, renderAvatar, visibleLabels } from './avatars.ts';
import { NpyWriter, npyCount } from './npy.ts';

/** Pictures rendered at once, and lost if the run is killed. */
const IN_FLIGHT = 64;

/** Seeds `prefix-0` … `prefix-(count − 1)`, drawn at `side` pixels. */
export interface AvatarPart {
  readonly prefix: string;
  readonly count: number;
  readonly side: number;
}

/** One line of labels.jsonl; caption i is true of a picture that agrees with this one on all of `about[i]`. */
export interface AvatarRecord {
  readonly seed: string;
  readonly person: string;
  readonly labels: Readonly<Partial<Record<AvatarAttribute, string>>>;
  readonly captions: readonly string[];
  readonly about: readonly (readonly string[])[];
}

/** All that is known of the avatar named `seed`. */
export function avatarRecord(seed: string): AvatarRecord {
  const labels = visibleLabels(drawAvatar(seed));
  const captions = captionsOf(seed, labels);
  return {
    seed,
    person: personOf(labels),
    labels,
    captions: captions.map(({ text }) => text),
    about: captions.map(({ about }) => about),
  };
}

/**
 * Writes `pictures.npy` (uint8 [count, side, side, 3]), `labels.jsonl` and `dataset.json` into `folder`. A killed run goes
 * on where it was, and a smaller array that is already there is grown; each file is replaced whole at the end.
 * @throws KandidError option_invalid where the folder holds other pictures, file_unwritable where it cannot be written
 */
export async function writeAvatars(
  folder: string,
  part: AvatarPart,
  progress: (done: number) => void = () => {},
): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await claimFolder(folder, part);
    await writePictures(join(folder, 'pictures.npy'), part, progress);
    const lines = Array.from(
      { length: part.count },
      (_, n) => `${JSON.stringify(avatarRecord(`${part.prefix}-${n}`))}\n`,
    );
    await replaceFile(join(folder, 'labels.jsonl'), lines.join(''));
    await replaceFile(join(folder, 'dataset.json'), `${JSON.stringify(describe(part), null, 2)}\n`);
  } catch (error) {
    if (error instanceof KandidError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new KandidError('file_unwritable', { file: folder, reason }, { cause: error });
  }
}

async function writePictures(path: string, part: AvatarPart, progress: (done: number) => void): Promise<void> {
  const { prefix, count, side } = part;
  const growing = `${path}.tmp`;
  if (!existsSync(growing) && existsSync(path)) {
    if ((await npyCount(path, [side, side, 3])) === count) return;
    await copyFile(path, growing);
  }
  const writer = await NpyWriter.open(growing, [side, side, 3]);
  try {
    while (writer.count < count) {
      const numbers = Array.from({ length: Math.min(IN_FLIGHT, count - writer.count) }, (_, i) => writer.count + i);
      await writer.append(await Promise.all(numbers.map((n) => renderAvatar(drawAvatar(`${prefix}-${n}`), side))));
      progress(writer.count);
    }
    await writer.finish([count, side, side, 3]);
  } finally {
    await writer.close();
  }
  await rename(growing, path);
}

/** Notes in the folder which pictures it is for, before the first one, so that another run never goes on with others. */
async function claimFolder(folder: string, part: AvatarPart): Promise<void> {
  const path = join(folder, 'drawn.json');
  const mine = JSON.stringify({ prefix: part.prefix, side: part.side, drawing: drawingHash() });
  const found = await readFile(path, 'utf8').catch(() => undefined);
  if (found !== undefined && found.trim() !== mine)
    throw new KandidError('option_invalid', {
      option: '--out',
      got: `${folder}, which holds ${found.trim()}`,
      expected: `an empty folder, or one made with ${mine}`,
    });
  await replaceFile(path, `${mine}\n`);
}

/** Changes whenever the same seed would give another picture because the table of what is drawn has changed. */
function drawingHash(): string {
  const drawing = AVATAR_ATTRIBUTE_NAMES.map((name) => [
    name,
    valuesOf(name).map(([value, { draws, weight = 1 }]) => [value, draws, weight]),
  ]);
  return createHash('sha256').update(JSON.stringify(drawing)).digest('hex').slice(0, 16);
}

function describe({ prefix, count, side }: AvatarPart): Record<string, unknown> {
  return {
    dataset: 'avatars',
    description: 'Avatars with exact labels and captions, drawn by DiceBear in the style avataaars',
    licence: 'Design (avataaars): free for personal and commercial use; DiceBear, which draws it: MIT',
    attribution: 'avataaars by Pablo Stanley (https://avataaars.com), drawn by DiceBear',
    prefix,
    count,
    side,
    channels: 3,
    attributes: Object.fromEntries(
      AVATAR_ATTRIBUTE_NAMES.map((name) => [
        name,
        valuesOf(name).map(([value, { kind }]) => ({ value, prompts: promptsOf(name, value), ...(kind && { kind }) })),
      ]),
    ),
  };
}

function valuesOf(name: AvatarAttribute): [string, AvatarValue][] {
  return Object.entries(AVATAR_ATTRIBUTES[name]);
}

async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.tmp`, text);
  await rename(`${path}.tmp`, path);
}
