/** International text chunks (iTXt) of PNG files, put in and read without touching the pixels. */

const SIGNATURE = 8;
/** Bytes of a text chunk beside keyword and text: no language, nothing translated. */
const AROUND_TEXT = 5;
/** Signature, and the header chunk, which must come first. */
const AFTER_HEADER = SIGNATURE + 25;
/** Whatever has more is no picture that somebody wants read. */
const MOST_CHUNKS = 10_000;
/** `iTXt` */
const TEXT_CHUNK = 0x69545874;

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

function crcOf(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** @param keyword Latin letters, at most 79 */
export function withPngText(png: Uint8Array, keyword: string, text: string): Uint8Array {
  const data = Buffer.concat([Buffer.from(`iTXt${keyword}\0\0\0\0\0`, 'latin1'), Buffer.from(text)]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length - 4);
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crcOf(data));
  return Buffer.concat([png.subarray(0, AFTER_HEADER), length, data, crc, png.subarray(AFTER_HEADER)]);
}

/** Null where there is none of this keyword, or it is longer. */
export function pngText(png: Uint8Array, keyword: string, mostBytes: number): string | null {
  const view = Buffer.from(png.buffer, png.byteOffset, png.byteLength);
  const most = mostBytes + keyword.length + AROUND_TEXT;
  for (let at = SIGNATURE, chunks = 0; at + 12 <= view.length && chunks < MOST_CHUNKS; chunks++) {
    const length = view.readUInt32BE(at);
    const end = at + 8 + length;
    if (end + 4 > view.length) return null;
    if (view.readUInt32BE(at + 4) === TEXT_CHUNK && length <= most) {
      const text = textOf(view.subarray(at + 8, end), keyword);
      if (text !== null) return text;
    }
    at = end + 4;
  }
  return null;
}

/** Keyword, 0, compression flag and method, language, 0, translated keyword, 0, text. */
function textOf(data: Buffer, keyword: string): string | null {
  const start = Buffer.from(`${keyword}\0\0`, 'latin1');
  if (!data.subarray(0, start.length).equals(start)) return null;
  const language = data.indexOf(0, start.length + 1);
  const translated = language < 0 ? -1 : data.indexOf(0, language + 1);
  return translated < 0 ? null : data.toString('utf8', translated + 1);
}
