/** Reads and writes how a picture was made, as JSON in the XMP packet of its file. */
import { KandidError } from '../errors.ts';
import { parseJson } from '../kit/json.ts';
import { pngText } from './png-text.ts';

export interface Provenance {
  /** Version of Kandid. */
  readonly kandid: string;
  readonly model: string;
  /** Of the model, 64 hexadecimal digits. */
  readonly hash: string;
  /** Code string; null where the code is not whole, or where it alone does not draw the picture. */
  readonly code: string | null;
  /** Of a picture that was worked on in squares: where they lie, in its pixels, and their codes. */
  readonly windows?: readonly {
    readonly left: number;
    readonly top: number;
    readonly side: number;
    readonly code: readonly number[];
    readonly codeString: string;
  }[];
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

/** Keyword of the text chunk that PNG files had in the place of XMP before. */
const OWN_CHUNK = 'kandid';
const XMP_CHUNK = 'XML:com.adobe.xmp';
const NAMESPACE = 'urn:kandid:provenance:1';
const PNG_START = Buffer.from('\x89PNG', 'latin1');
const [BEGINNING, END] = ['<kandid:made>', '</kandid:made>'];

/** What is written is kept below this, and nothing larger is read: the file may be anybody's. */
const LIMITS = { bytes: 32 * 1024, depth: 16, values: 10_000, keys: 1000 };
/** Letters are escaped in a packet, and something stands around them. */
const MAX_PACKET = 6 * LIMITS.bytes + 1024;

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

/** XMP packet for `encodePicture`. */
export function provenancePacket(provenance: Provenance): string {
  const escaped = textFor(provenance).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const description = `<rdf:Description rdf:about="" xmlns:kandid="${NAMESPACE}">${BEGINNING}${escaped}${END}</rdf:Description>`;
  const rdf = `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">${description}</rdf:RDF>`;
  const meta = `<x:xmpmeta xmlns:x="adobe:ns:meta/">${rdf}</x:xmpmeta>`;
  return `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>${meta}<?xpacket end="r"?>`;
}

/** Long prompts are left out before anything that makes the picture again. */
function textFor(provenance: Provenance): string {
  const text = asciiJson(provenance);
  if (text.length <= LIMITS.bytes) return text;
  const guides = (provenance.guides ?? []).map(({ name, weight }) => ({ name, weight }));
  return asciiJson({ ...provenance, guides });
}

/** In PNG files the packet is a chunk that readers take for Latin-1. */
function asciiJson(provenance: Provenance): string {
  const escaped = (letter: string) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(provenance).replace(/[^\x20-\x7e]/g, escaped);
}

function textIn(bytes: Uint8Array): string | null {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!file.subarray(0, 4).equals(PNG_START)) return textOf(file);
  const own = pngText(file, OWN_CHUNK, LIMITS.bytes);
  if (own) return own.toString();
  const packet = pngText(file, XMP_CHUNK, MAX_PACKET);
  return packet && textOf(packet);
}

/** Packets stand in JPEG, WebP and AVIF files as they are, so that readers may search for them (XMP, part 1, 7.3). */
function textOf(file: Buffer): string | null {
  const from = file.indexOf(BEGINNING);
  if (from < 0) return null;
  const packet = file.subarray(from + BEGINNING.length, from + MAX_PACKET);
  const to = packet.indexOf(END);
  if (to < 0) return null;
  const text = packet.toString('utf8', 0, to);
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
