/** A binary message: u32 big-endian length of a header, the header as JSON in UTF-8, then bytes. */
import { KandidError } from '../errors.ts';
import { parseJson, REQUEST_JSON } from '../kit/json.ts';

/** Largest header in bytes: it contains names and numbers only. */
const MAX_HEADER_BYTES = 64 * 1024;

const HEADER_JSON = { ...REQUEST_JSON, bytes: MAX_HEADER_BYTES };

const LENGTH_BYTES = 4;

export interface Frame {
  readonly header: unknown;
  /** A view into the message, not a copy. */
  readonly bytes: Uint8Array;
}

export function encodeFrame(header: unknown, bytes: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const frame = new Uint8Array(LENGTH_BYTES + text.length + bytes.length);
  new DataView(frame.buffer).setUint32(0, text.length);
  frame.set(text, LENGTH_BYTES);
  frame.set(bytes, LENGTH_BYTES + text.length);
  return frame;
}

/** @throws {KandidError} message_invalid */
export function decodeFrame(frame: Uint8Array): Frame {
  const refuse = (problem: string) => new KandidError('message_invalid', { field: 'frame', problem });
  if (frame.length < LENGTH_BYTES) throw refuse(`it has ${frame.length} bytes, expected at least ${LENGTH_BYTES}`);
  const length = new DataView(frame.buffer, frame.byteOffset).getUint32(0);
  if (length > MAX_HEADER_BYTES || LENGTH_BYTES + length > frame.length)
    throw refuse(`its header claims ${length} bytes, expected at most ${MAX_HEADER_BYTES} and no more than there are`);
  try {
    const header = parseJson(frame.subarray(LENGTH_BYTES, LENGTH_BYTES + length), HEADER_JSON);
    return { header, bytes: frame.subarray(LENGTH_BYTES + length) };
  } catch {
    throw refuse('its header is not JSON');
  }
}
