/** How a picture was made, kept in its file: a text chunk of PNG, an XMP packet of WebP and JPEG, as JSON. */
import { KandidError } from '../errors.ts';
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

/** The file with its provenance in it; AVIF as it is. */
export function withProvenance(
  { bytes, mime, width, height }: { bytes: Uint8Array; mime: string; width: number; height: number },
  provenance: Provenance,
): Uint8Array {
  const text = JSON.stringify(provenance);
  if (mime === 'image/png') return withPngText(bytes, NAME, text);
  if (mime === 'image/jpeg') return withJpegXmp(bytes, packetOf(text));
  if (mime === 'image/webp') return withWebpXmp(bytes, packetOf(text), { width, height });
  return bytes;
}

/** @param name what to call the file in an error. @throws {KandidError} provenance_missing */
export function readProvenance(bytes: Uint8Array, name = 'The picture'): Provenance {
  const text = textIn(bytes);
  try {
    const read: unknown = text === null ? null : JSON.parse(text);
    if (typeof read === 'object' && read !== null && 'model' in read && 'code' in read) return read as Provenance;
  } catch {
    // Somebody else's text under our name.
  }
  throw new KandidError('provenance_missing', { name });
}

function textIn(bytes: Uint8Array): string | null {
  const start = Buffer.from(bytes.subarray(0, 12)).toString('latin1');
  if (start.startsWith('\x89PNG')) return pngText(bytes, NAME);
  if (start.startsWith('\xff\xd8')) return textOf(jpegXmp(bytes));
  return /^RIFF.{4}WEBP/s.test(start) ? textOf(webpXmp(bytes)) : null;
}

function packetOf(text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const description = `<rdf:Description rdf:about="" xmlns:kandid="${NAMESPACE}"><kandid:made>${escaped}</kandid:made></rdf:Description>`;
  const rdf = `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">${description}</rdf:RDF>`;
  const meta = `<x:xmpmeta xmlns:x="adobe:ns:meta/">${rdf}</x:xmpmeta>`;
  return `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>${meta}<?xpacket end="r"?>`;
}

function textOf(packet: string | null): string | null {
  const found = packet === null ? null : /<kandid:made>(.*?)<\/kandid:made>/s.exec(packet);
  if (!found) return null;
  return (found[1] as string).replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
