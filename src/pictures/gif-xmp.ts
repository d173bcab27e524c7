/** XMP packets in GIF files, which sharp does not write (XMP, part 3, 1.1.2: an application extension with a magic trailer). */

const TRAILER = 0x3b;
const INTRODUCER = Buffer.from('\x21\xff\x0bXMP DataXMP', 'latin1');
/** Readers that parse the packet as data blocks land in this trailer wherever they are, and then at its final zero. */
const MAGIC = Buffer.from([0x01, ...Array.from({ length: 256 }, (_, i) => 255 - i), 0x00]);

/** Appends the packet as the last block. @param gif a complete file: it ends with the trailer */
export function gifWithXmp(gif: Uint8Array, xmp: string): Uint8Array {
  const end = gif.lastIndexOf(TRAILER);
  return Buffer.concat([gif.subarray(0, end), INTRODUCER, Buffer.from(xmp), MAGIC, Buffer.from([TRAILER])]);
}
