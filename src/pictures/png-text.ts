/** Reads text chunks (iTXt, zTXt) of PNG files without decoding the pixels. */
import { inflateSync } from 'node:zlib';

const SIGNATURE = 8;
/** Largest number of bytes of a chunk besides keyword and text: no language, no translation. */
const AROUND_TEXT = 5;
/** A file with more chunks is not a legitimate picture. */
const MAX_CHUNKS = 10_000;

/** The text with a keyword; null if there is none, or it is too long or damaged. */
export function pngText(png: Uint8Array, keyword: string, mostBytes: number): Buffer | null {
  const view = Buffer.from(png.buffer, png.byteOffset, png.byteLength);
  const most = mostBytes + keyword.length + AROUND_TEXT;
  for (let at = SIGNATURE, chunks = 0; at + 12 <= view.length && chunks < MAX_CHUNKS; chunks++) {
    const length = view.readUInt32BE(at);
    const end = at + 8 + length;
    if (end + 4 > view.length) return null;
    const type = view.toString('latin1', at + 4, at + 8);
    if ((type === 'iTXt' || type === 'zTXt') && length <= most) {
      const data = view.subarray(at + 8, end);
      if (data.toString('latin1', 0, data.indexOf(0)) === keyword)
        return textOf(type, data.subarray(keyword.length + 1), mostBytes);
    }
    at = end + 4;
  }
  return null;
}

/** zTXt: method, compressed text. iTXt: compression flag, method, language, 0, translated keyword, 0, text. */
function textOf(type: 'iTXt' | 'zTXt', data: Buffer, mostBytes: number): Buffer | null {
  if (type === 'zTXt') return inflated(data.subarray(1), mostBytes);
  const language = data.indexOf(0, 2);
  const translated = language < 0 ? -1 : data.indexOf(0, language + 1);
  if (translated < 0) return null;
  const text = data.subarray(translated + 1);
  return data[0] === 1 ? inflated(text, mostBytes) : text;
}

function inflated(text: Buffer, mostBytes: number): Buffer | null {
  try {
    return inflateSync(text, { maxOutputLength: mostBytes });
  } catch {
    return null;
  }
}
