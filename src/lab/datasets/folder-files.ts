/** Prepares a folder of pictures as a data set. A killed run resumes; a changed folder is prepared again. */
import { createHash } from 'node:crypto';
import { appendFile, mkdir, open, readFile, rename, rm, stat, truncate } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { KandidError, reasonOf } from '../../errors.ts';
import { jsonLines, replaceFile } from './files.ts';
import { FOLDER_LEAST, type FolderFormat, filesBelow, heldOutCount, readFolderPicture } from './folder.ts';
import { NpyWriter, npyBytes } from './npy.ts';

/** Pictures decoded at once; a killed run loses at most these. */
const IN_FLIGHT = 16;
/** Pictures copied at once. */
const CHUNK = 256;

/** A file that could not be used, and why. */
export interface SkippedFile {
  readonly file: string;
  readonly reason: string;
}

export interface FolderReport {
  readonly train: number;
  readonly test: number;
  readonly skipped: readonly SkippedFile[];
}

type SeenFile = { readonly file: string } | SkippedFile;

/** Paths of the intermediate files in a data set's folder. */
const pathsIn = (to: string) => ({
  claim: join(to, 'prepared.json'),
  journal: join(to, 'seen.jsonl.tmp'),
  pictures: join(to, 'pictures.npy.tmp'),
});

/**
 * Prepares the pictures below `from` into `to`/train and `to`/test: pictures.npy (uint8 [N, side, side, channels]),
 * labels.jsonl and dataset.json.
 * @throws KandidError file_unreadable; option_invalid if fewer than 64 can be read; file_unwritable
 */
export async function writeFolder(
  from: string,
  to: string,
  format: FolderFormat,
  progress: (done: number, total: number) => void = () => {},
): Promise<FolderReport> {
  const files = await filesBelow(from);
  if (files.length < FOLDER_LEAST) throw tooFew(from, files.length, []);
  try {
    const fingerprint = await fingerprintOf(from, files, format);
    const finished = await claim(to, fingerprint);
    if (finished) return finished;
    const seen = await readAll(from, to, files, format, progress);
    const usable = seen.filter((entry) => !('reason' in entry)).map(({ file }) => file);
    const skipped = seen.filter((entry) => 'reason' in entry);
    if (usable.length < FOLDER_LEAST) throw tooFew(from, usable.length, skipped);
    const test = heldOutCount(usable.length);
    const name = basename(resolve(from));
    await copyPart(to, 'test', { name, files: usable.slice(0, test), first: 0, format });
    await copyPart(to, 'train', { name, files: usable.slice(test), first: test, format });
    const report = { train: usable.length - test, test, skipped };
    await replaceFile(pathsIn(to).claim, `${JSON.stringify({ fingerprint, report }, null, 2)}\n`);
    await removeWork(to);
    return report;
  } catch (error) {
    if (error instanceof KandidError) throw error;
    throw new KandidError('file_unwritable', { file: to, reason: reasonOf(error) }, { cause: error });
  }
}

/** Reads every file that is not in the journal yet; returns the entries of all, in order. */
async function readAll(
  from: string,
  to: string,
  files: readonly string[],
  format: FolderFormat,
  progress: (done: number, total: number) => void,
): Promise<SeenFile[]> {
  const { journal, pictures } = pathsIn(to);
  const shape = [format.side, format.side, format.channels];
  const seen = await readJournal(journal);
  await cutTo(pictures, npyBytes(seen.filter((entry) => !('reason' in entry)).length, shape));
  const writer = await NpyWriter.open(pictures, shape);
  try {
    while (seen.length < files.length) {
      const next = files.slice(seen.length, seen.length + IN_FLIGHT);
      const read = await Promise.all(next.map((file) => tryFile(from, file, format)));
      await writer.append(read.flatMap(({ pixels }) => (pixels ? [pixels] : [])));
      const lines = read.map(({ entry }) => entry);
      await appendFile(journal, jsonLines(lines));
      seen.push(...lines);
      progress(seen.length, files.length);
    }
  } finally {
    await writer.close();
  }
  return seen;
}

async function tryFile(
  from: string,
  file: string,
  format: FolderFormat,
): Promise<{ entry: SeenFile; pixels?: Buffer }> {
  try {
    return { entry: { file }, pixels: await readFolderPicture(join(from, file), format) };
  } catch (error) {
    return { entry: { file, reason: reasonOf(error) } };
  }
}

/** Complete lines only: a kill may have truncated the last one. */
async function readJournal(path: string): Promise<SeenFile[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  await cutTo(path, Buffer.byteLength(whole));
  return whole.split('\n').flatMap((line) => (line ? [JSON.parse(line) as SeenFile] : []));
}

/** Truncates the file to `bytes`, if it exists. */
async function cutTo(path: string, bytes: number): Promise<void> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size > bytes) await truncate(path, bytes);
}

/** The report of an earlier run with the same fingerprint; otherwise resets the folder for this fingerprint. */
async function claim(to: string, fingerprint: string): Promise<FolderReport | undefined> {
  const path = pathsIn(to).claim;
  await mkdir(to, { recursive: true });
  const text = await readFile(path, 'utf8').catch(() => '{}');
  const found = JSON.parse(text) as { fingerprint?: string; report?: FolderReport };
  if (found.fingerprint === fingerprint) return found.report;
  await removeWork(to);
  await replaceFile(path, `${JSON.stringify({ fingerprint })}\n`);
  return undefined;
}

/** Changes with any file's name, size or date, and with the format. */
async function fingerprintOf(from: string, files: readonly string[], format: FolderFormat): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(format));
  for (const file of files) {
    const { size, mtimeMs } = await stat(join(from, file)).catch(() => ({ size: -1, mtimeMs: 0 }));
    hash.update(`${file}\n${size}\n${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

interface Part {
  readonly name: string;
  readonly files: readonly string[];
  /** Index of its first picture among all. */
  readonly first: number;
  readonly format: FolderFormat;
}

async function copyPart(to: string, part: 'train' | 'test', { name, files, first, format }: Part): Promise<void> {
  const folder = join(to, part);
  const growing = join(folder, 'pictures.npy.tmp');
  const shape = [format.side, format.side, format.channels];
  await mkdir(folder, { recursive: true });
  await rm(growing, { force: true });
  const source = await open(pathsIn(to).pictures);
  const writer = await NpyWriter.open(growing, shape);
  try {
    while (writer.count < files.length) {
      const count = Math.min(CHUNK, files.length - writer.count);
      const start = npyBytes(first + writer.count, shape);
      const bytes = Buffer.alloc(npyBytes(first + writer.count + count, shape) - start);
      await source.read(bytes, 0, bytes.length, start);
      const each = bytes.length / count;
      await writer.append(Array.from({ length: count }, (_, n) => bytes.subarray(n * each, (n + 1) * each)));
    }
    await writer.finish([files.length, ...shape]);
  } finally {
    await source.close();
    await writer.close();
  }
  await replaceFile(join(folder, 'labels.jsonl'), jsonLines(files.map((source) => ({ source, labels: {} }))));
  const description = {
    dataset: 'folder',
    description: `Pictures of the folder "${name}"`,
    count: files.length,
    ...format,
  };
  await replaceFile(join(folder, 'dataset.json'), `${JSON.stringify(description, null, 2)}\n`);
  await rename(growing, join(folder, 'pictures.npy'));
}

async function removeWork(to: string): Promise<void> {
  const { journal, pictures } = pathsIn(to);
  await rm(journal, { force: true });
  await rm(pictures, { force: true });
}

function tooFew(from: string, count: number, skipped: readonly SkippedFile[]): KandidError {
  const named = skipped.slice(0, 3).map(({ file, reason }) => `${file}: ${reason}`);
  const others =
    skipped.length > 0
      ? ` and ${skipped.length} file${skipped.length === 1 ? '' : 's'} that cannot be used (${named.join('; ')})`
      : '';
  return new KandidError('option_invalid', {
    option: 'The folder of pictures',
    got: `${from}, which holds ${count} readable picture${count === 1 ? '' : 's'}${others}`,
    expected: `at least ${FOLDER_LEAST}`,
  });
}
