/** Reads and writes how a picture was made, as JSON in its metadata: a PNG text chunk, an XMP packet of WebP and JPEG. */
import { KandidError } from '../errors.ts';
import { parseJson } from '../kit/json.ts';
import { pngText, withPngText } from './png-text.ts';
import { jpegXmp, webpXmp, withJpegXmp, withWebpXmp } from './xmp.ts';

export interface Provenance {
  /** Version of Kandid. */
  readonly kandid: string;
  readonly model: string;
  /** Of the model, 64 hexadecimal digits. */
  readonly hash: string;
  /** Code string; null where the code is not whole. */
  readonly code: string | null;
  /** Levels that were chosen, where the code is not whole, or the picture is that of an earlier level. */
  readonly level?: number;
  readonly seed?: number;
  readonly guides?: readonly {
    readonly name: string;
    readonly weight: number;
    /** Without pictures. */
    readonly params?: Readonly<Record<string, unknown>>;
  }[];
}

const NAME = 'kandid';
const NAMESPACE = 'urn:kandid:provenance:1';
const [BEGINNING, END] = ['<kandid:made>', '</kandid:made>'];

/** What is written is kept below this, and nothing larger is read: the file may be anybody's. */
const LIMITS = { bytes: 32 * 1024, depth: 16, values: 10_000, keys: 1000 };
/** Letters are escaped in a packet, and something stands around them. */
const MOST_PACKET = 6 * LIMITS.bytes + 1024;

/** The file with its provenance in it; AVIF as it is. */
export function withProvenance(
  { bytes, mime, width, height }: { bytes: Uint8Array; mime: string; width: number; height: number },
  provenance: Provenance,
): Uint8Array {
  const text = textFor(provenance);
  if (mime === 'image/png') return withPngText(bytes, NAME, text);
  if (mime === 'image/jpeg') return withJpegXmp(bytes, packetOf(text));
  if (mime === 'image/webp') return withWebpXmp(bytes, packetOf(text), { width, height });
  return bytes;
}

/** @param name what to call the file in an error. @throws {KandidError} provenance_missing */
export function readProvenance(bytes: Uint8Array, name = 'The picture'): Provenance {
  const text = textIn(bytes);
  try {
    const read = text === null ? null : parseJson(text, LIMITS);
    if (typeof read === 'object' && read !== null && 'model' in read && 'code' in read) return read as Provenance;
  } catch {
    // Somebody else's text under our name.
  }
  throw new KandidError('provenance_missing', { name });
}

/** Long prompts are left out before anything that makes the picture again. */
function textFor(provenance: Provenance): string {
  const text = JSON.stringify(provenance);
  if (Buffer.byteLength(text) <= LIMITS.bytes) return text;
  const guides = (provenance.guides ?? []).map(({ name, weight }) => ({ name, weight }));
  return JSON.stringify({ ...provenance, guides });
}

function textIn(bytes: Uint8Array): string | null {
  const start = Buffer.from(bytes.subarray(0, 12)).toString('latin1');
  if (start.startsWith('\x89PNG')) return pngText(bytes, NAME, LIMITS.bytes);
  if (start.startsWith('\xff\xd8')) return textOf(jpegXmp(bytes));
  return /^RIFF.{4}WEBP/s.test(start) ? textOf(webpXmp(bytes, MOST_PACKET)) : null;
}

function packetOf(text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const description = `<rdf:Description rdf:about="" xmlns:kandid="${NAMESPACE}">${BEGINNING}${escaped}${END}</rdf:Description>`;
  const rdf = `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">${description}</rdf:RDF>`;
  const meta = `<x:xmpmeta xmlns:x="adobe:ns:meta/">${rdf}</x:xmpmeta>`;
  return `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>${meta}<?xpacket end="r"?>`;
}

function textOf(packet: string | null): string | null {
  const from = packet?.indexOf(BEGINNING) ?? -1;
  const to = from < 0 ? -1 : (packet?.indexOf(END, from) ?? -1);
  if (packet === null || to < 0) return null;
  const text = packet.slice(from + BEGINNING.length, to);
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
