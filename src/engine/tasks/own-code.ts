/** The code stored in a file, if its pixels still match the code's picture. */
import { parseCode } from '../../contract/codes.ts';
import type { PictureInput } from '../../contract/requests.ts';
import { KandidError } from '../../errors.ts';
import type { Picture } from '../../guide.ts';
import { type Provenance, readProvenance } from '../../pictures/provenance.ts';
import type { Turns } from '../guides/context.ts';
import type { OpenModel } from '../models.ts';

/** Cells per side over which differences are averaged: small enough to detect a small edit. */
const CELLS = 16;
/** Largest mean difference of a cell, of a range of 2, that compression and resizing may cause. */
const MAX_OFF = 0.12;

export interface OwnCode {
  /** Null if the file has no code of this model, or its pixels do not match. */
  readonly code: number[] | null;
  /** Note for the user. */
  readonly note: string | null;
}

const NONE: OwnCode = { code: null, note: null };

/**
 * @param given the file
 * @param fitted its picture, at the model's size
 * @param condition [channels, S, S] if the model has one
 */
export async function ownCode(
  given: PictureInput,
  fitted: Picture,
  { network, bundle }: OpenModel,
  condition: Float32Array | null,
  turns: Turns,
): Promise<OwnCode> {
  const written = given instanceof Uint8Array ? provenanceOf(given) : null;
  if (written?.hash !== bundle.hash || written.level !== undefined || typeof written.code !== 'string') return NONE;
  const code = parsed(written.code, network.candidateCounts);
  if (!code) return NONE;
  const [picture] = await turns.compute(() => network.decode([code], [condition]));
  if (picture && worstCell(picture, fitted) <= MAX_OFF)
    return { code, note: 'The code is the one that the file carries: its pixels are still those.' };
  return { code: null, note: 'The file carries a code, but its pixels are no longer those: it was searched anew.' };
}

function provenanceOf(bytes: Uint8Array): Provenance | null {
  try {
    return readProvenance(bytes);
  } catch (thrown) {
    if (thrown instanceof KandidError) return null;
    throw thrown;
  }
}

/** The metadata of a file is untrusted. */
function parsed(code: string, candidateCounts: readonly number[]): number[] | null {
  try {
    return parseCode(code, candidateCounts);
  } catch {
    return null;
  }
}

/** Largest mean difference of any cell, between pictures of one size. */
function worstCell(a: Picture, b: Picture): number {
  const { width, height, channels } = a;
  if (b.width !== width || b.height !== height || b.channels !== channels) return Number.POSITIVE_INFINITY;
  const sums = new Float64Array(CELLS * CELLS);
  const counts = new Uint32Array(CELLS * CELLS);
  for (let i = 0; i < a.data.length; i++) {
    const p = i % (width * height);
    const row = Math.floor((Math.floor(p / width) * CELLS) / height);
    const cell = row * CELLS + Math.floor(((p % width) * CELLS) / width);
    const clamped = (value: number) => Math.min(1, Math.max(-1, value));
    sums[cell] = (sums[cell] as number) + Math.abs(clamped(a.data[i] as number) - clamped(b.data[i] as number));
    counts[cell] = (counts[cell] as number) + 1;
  }
  return Math.max(...sums.map((sum, cell) => (counts[cell] ? sum / (counts[cell] as number) : 0)));
}
