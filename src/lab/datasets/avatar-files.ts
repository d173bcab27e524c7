/** The avatars data set as files: pictures.npy, labels.jsonl and dataset.json in a folder. Deterministic and resumable. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { KandidError } from '../../errors.ts';
import { captionsOf, promptsOf } from './avatar-captions.ts';
import { type AttributeValue, type AvatarStyle, attributeNames, type VisibleLabels } from './avatar-style.ts';
import { drawAvatar, renderAvatar, visibleLabels } from './avatars.ts';
import { replaceFile } from './files.ts';
import { NpyWriter, npyCount } from './npy.ts';

/** Pictures rendered at once; a killed run loses at most these. */
const IN_FLIGHT = 64;

/** Seeds `prefix-0` … `prefix-(count − 1)` of a style, drawn at `side` pixels. */
export interface AvatarPart {
  readonly style: AvatarStyle;
  readonly prefix: string;
  readonly count: number;
  readonly side: number;
}

/** One line of labels.jsonl; caption i is true of a picture that agrees with this one on all of `about[i]`. */
export interface AvatarRecord {
  readonly seed: string;
  readonly person: string;
  readonly labels: VisibleLabels;
  readonly captions: readonly string[];
  readonly about: readonly (readonly string[])[];
}

/** The line of labels.jsonl of the avatar named `seed`. */
export function avatarRecord(style: AvatarStyle, seed: string): AvatarRecord {
  const labels = visibleLabels(style, drawAvatar(style, seed));
  const captions = captionsOf(style, seed, labels);
  return {
    seed,
    person: style.person(labels),
    labels,
    captions: captions.map(({ text }) => text),
    about: captions.map(({ about }) => about),
  };
}

/**
 * Writes `pictures.npy` (uint8 [count, side, side, 3]), `labels.jsonl` and `dataset.json` into `folder`. A killed run
 * resumes, and an existing smaller array is extended; each file is replaced atomically at the end.
 * @throws KandidError option_invalid if the folder holds other pictures, file_unwritable if it cannot be written
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
      (_, n) => `${JSON.stringify(avatarRecord(part.style, `${part.prefix}-${n}`))}\n`,
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
  const { style, prefix, count, side } = part;
  const growing = `${path}.tmp`;
  if (!existsSync(growing) && existsSync(path)) {
    if ((await npyCount(path, [side, side, 3])) === count) return;
    await copyFile(path, growing);
  }
  const writer = await NpyWriter.open(growing, [side, side, 3]);
  try {
    while (writer.count < count) {
      const numbers = Array.from({ length: Math.min(IN_FLIGHT, count - writer.count) }, (_, i) => writer.count + i);
      const avatars = numbers.map((n) => drawAvatar(style, `${prefix}-${n}`));
      await writer.append(await Promise.all(avatars.map((avatar) => renderAvatar(style, avatar, side))));
      progress(writer.count);
    }
    await writer.finish([count, side, side, 3]);
  } finally {
    await writer.close();
  }
  await rename(growing, path);
}

/** Records the options in the folder before the first picture, so that a run with other options does not resume it. */
async function claimFolder(folder: string, part: AvatarPart): Promise<void> {
  const path = join(folder, 'drawn.json');
  const mine = JSON.stringify({ prefix: part.prefix, side: part.side, drawing: drawingHash(part.style) });
  const found = await readFile(path, 'utf8').catch(() => undefined);
  if (found !== undefined && found.trim() !== mine)
    throw new KandidError('option_invalid', {
      option: '--out',
      got: `${folder}, which holds ${found.trim()}`,
      expected: `an empty folder, or one made with ${mine}`,
    });
  await replaceFile(path, `${mine}\n`);
}

/** Changes whenever the same seed would give another picture because the style's table has changed. */
function drawingHash(style: AvatarStyle): string {
  const drawing = attributeNames(style).map((name) => [
    name,
    valuesOf(style, name).map(([value, { draws, weight = 1 }]) => [value, draws, weight]),
  ]);
  return createHash('sha256').update(JSON.stringify(drawing)).digest('hex').slice(0, 16);
}

function describe({ style, prefix, count, side }: AvatarPart): Record<string, unknown> {
  return {
    dataset: style.dataset,
    style: style.name,
    description: `Avatars with exact labels and captions, drawn by DiceBear in the style ${style.name}`,
    licence: style.licence,
    attribution: style.attribution,
    prefix,
    count,
    side,
    channels: 3,
    attributes: Object.fromEntries(attributeNames(style).map((name) => [name, describeValues(style, name)])),
  };
}

function describeValues(style: AvatarStyle, name: string): unknown[] {
  return valuesOf(style, name).map(([value, { kind }]) => ({
    value,
    prompts: promptsOf(style, name, value),
    kind,
  }));
}

function valuesOf(style: AvatarStyle, name: string): [string, AttributeValue][] {
  return Object.entries(style.attributes[name] ?? {});
}
