/** Output destinations: checked before anything is computed, so that a typing error costs nothing. */
import { existsSync } from 'node:fs';
import { extname, join } from 'node:path';
import { encodePicture, type Picture, type PictureFormat } from '../pictures/codec.ts';
import { mosaic } from '../pictures/mosaic.ts';
import { type Provenance, provenancePacket } from '../pictures/provenance.ts';
import { prepareFolder, writeOutput } from './files.ts';
import type { Io } from './io.ts';
import { wrongValue } from './values.ts';

export const FORMATS: Readonly<Record<string, PictureFormat>> = {
  '.png': 'png',
  '.webp': 'webp',
  '.jpg': 'jpeg',
  '.jpeg': 'jpeg',
  '.avif': 'avif',
};

/** For all formats except PNG, 1 … 100. */
const QUALITY = 90;

export interface DestinationOptions {
  /** A picture file, a folder, or `-`. */
  readonly out?: string | undefined;
  readonly grid?: boolean | undefined;
  readonly json?: boolean | undefined;
}

export interface Destination {
  /**
   * Creates the folder, so that an unwritable destination fails before anything is computed. @throws {KandidError}
   * file_unwritable
   */
  prepare(): Promise<void>;
  /**
   * Writes pictures and returns the file of each; null for standard output.
   *
   * @param provenances provenance of each picture, written into its file unless several pictures share one
   */
  write(pictures: readonly Picture[], io: Io, provenances: readonly Provenance[]): Promise<(string | null)[]>;
}

/**
 * @param count number of pictures that will be written
 * @param name file name without extension if the command line gives none: `kandid-SEED`
 * @throws {KandidError} option_invalid
 */
export function destinationFor(
  { out, grid = false, json = false }: DestinationOptions,
  count: number,
  name: string,
): Destination {
  if (out === '-') {
    if (json) throw wrongValue('--out', '-', 'a file or folder beside --json, which takes standard output');
    if (count > 1 && !grid) throw wrongValue('--out', '-', 'a file or folder for several pictures, or --grid');
    return {
      prepare: async () => {},
      async write(pictures, io, provenances) {
        const whole = pictures.length > 1 ? gridOf(pictures) : (pictures[0] as Picture);
        await io.outBytes(await fileOf(whole, 'png', pictures.length > 1 ? undefined : provenances[0]));
        return pictures.map(() => null);
      },
    };
  }
  const paths = pathsFor(out, name);
  return {
    prepare: () => prepareFolder(paths.at(0, count)),
    write: (pictures, _io, provenances) => writeFiles(pictures, paths, grid, provenances),
  };
}

/** Arranges pictures side by side with a thin white line between them. */
export function gridOf(pictures: readonly Picture[]): Picture {
  const [first] = pictures;
  return mosaic(pictures, { gap: Math.max(1, Math.round((first?.width ?? 0) / 32)) });
}

interface Paths {
  readonly format: PictureFormat;
  /** Whether existing files are overwritten: only if the user gave their name. */
  readonly overwrites: boolean;
  at(index: number, of: number): string;
}

function pathsFor(out: string | undefined, name: string): Paths {
  const extension = extname(out ?? '').toLowerCase();
  const isFolder = out !== undefined && (extension === '' || /[/\\]$/.test(out));
  const numbered = (stem: string, index: number, of: number) => (of === 1 ? stem : `${stem}-${index + 1}`);
  if (out === undefined || isFolder)
    return {
      format: 'png',
      overwrites: false,
      at: (index, of) => `${join(out ?? '', numbered(name, index, of))}.png`,
    };
  const format = FORMATS[extension];
  if (!format) throw wrongValue('--out', out, `a file that ends in ${Object.keys(FORMATS).join(', ')}, or a folder`);
  const stem = out.slice(0, -extension.length);
  return { format, overwrites: true, at: (index, of) => numbered(stem, index, of) + out.slice(-extension.length) };
}

/** `kandid-7.png`, or `kandid-7 (2).png` if that exists. */
function freeName(file: string): string {
  const ending = extname(file);
  let free = file;
  for (let n = 2; existsSync(free); n++) free = `${file.slice(0, -ending.length)} (${n})${ending}`;
  return free;
}

/** Encodes a picture with its provenance. */
async function fileOf(
  picture: Picture,
  format: PictureFormat,
  provenance: Provenance | undefined,
): Promise<Uint8Array> {
  const quality = format === 'png' ? {} : { quality: QUALITY };
  const xmp = provenance ? { xmp: provenancePacket(provenance) } : {};
  return await encodePicture(picture, format, { ...quality, ...xmp });
}

async function writeFiles(
  pictures: readonly Picture[],
  paths: Paths,
  grid: boolean,
  provenances: readonly Provenance[],
): Promise<string[]> {
  const isOne = grid && pictures.length > 1;
  const shown = isOne ? [gridOf(pictures)] : pictures;
  const files: string[] = [];
  for (const [i, picture] of shown.entries()) {
    const wanted = paths.at(i, shown.length);
    const file = paths.overwrites ? wanted : freeName(wanted);
    await writeOutput(file, await fileOf(picture, paths.format, isOne ? undefined : provenances[i]));
    files.push(file);
  }
  return isOne ? pictures.map(() => files[0] as string) : files;
}
