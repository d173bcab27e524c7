/** Reads and writes the provenance of a picture, as JSON in the XMP packet of its file. */
import { KandidError } from '../errors.ts';
import { parseJson } from '../kit/json.ts';
import { pngText } from './png-text.ts';

export interface Provenance {
  /** Version of Kandid. */
  readonly kandid: string;
  readonly model: string;
  /** Hash of the model, 64 hexadecimal digits. */
  readonly hash: string;
  /** Code string; null if the code is incomplete, or does not reproduce the picture on its own. */
  readonly code: string | null;
  /** For a picture processed in squares: their positions, in pixels of the picture, and their codes. */
  readonly windows?: readonly {
    readonly left: number;
    readonly top: number;
    readonly side: number;
    readonly code: readonly number[];
    readonly codeString: string;
  }[];
  /** Number of levels chosen, if the code is incomplete or the picture is that of an earlier level. */
  readonly level?: number;
  readonly seed?: number;
  readonly guides?: readonly {
    readonly name: string;
    readonly weight: number;
    /** Without pictures. */
    readonly params?: Readonly<Record<string, unknown>>;
  }[];
}

/** Keyword of the text chunk that older PNG files have instead of XMP. */
const OWN_CHUNK = 'kandid';
const XMP_CHUNK = 'XML:com.adobe.xmp';
const NAMESPACE = 'urn:kandid:provenance:1';
const PNG_START = Buffer.from('\x89PNG', 'latin1');
const [BEGINNING, END] = ['<kandid:made>', '</kandid:made>'];

/** Written provenance is kept below these limits, and nothing larger is read: files may come from anywhere. */
const LIMITS = { bytes: 32 * 1024, depth: 16, values: 10_000, keys: 1000 };
/** Escaping lengthens the text, and the packet adds a wrapper. */
const MAX_PACKET = 6 * LIMITS.bytes + 1024;

/** @param name name of the file in errors. @throws {KandidError} provenance_missing */
export function readProvenance(bytes: Uint8Array, name = 'The picture'): Provenance {
  const text = textIn(bytes);
  try {
    const read = text === null ? null : parseJson(text, LIMITS);
    if (typeof read === 'object' && read !== null && 'model' in read && 'code' in read) return read as Provenance;
  } catch {
    // Malformed data under Kandid's name.
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

/** If the text is too long, the guides' parameters are dropped first: they are not needed to reproduce the picture. */
function textFor(provenance: Provenance): string {
  const text = asciiJson(provenance);
  if (text.length <= LIMITS.bytes) return text;
  const guides = (provenance.guides ?? []).map(({ name, weight }) => ({ name, weight }));
  return asciiJson({ ...provenance, guides });
}

/** In PNG files the packet is in a chunk that readers parse as Latin-1. */
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

/** JPEG, WebP and AVIF files contain the packet unencoded, so that readers can search for it (XMP, part 1, 7.3). */
function textOf(file: Buffer): string | null {
  const from = file.indexOf(BEGINNING);
  if (from < 0) return null;
  const packet = file.subarray(from + BEGINNING.length, from + MAX_PACKET);
  const to = packet.indexOf(END);
  if (to < 0) return null;
  const text = packet.toString('utf8', 0, to);
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
