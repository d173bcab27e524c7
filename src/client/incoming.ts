/**
 * Parses messages of the server without checking them against a schema: validation would be the largest part of a
 * page's code, and the server is trusted anyway.
 */
import { decodeFrame } from '../contract/frames.ts';
import type { FrameHeader, ServerMessage } from '../contract/stream.ts';

export type IncomingMessage = ServerMessage | (FrameHeader & { readonly bytes: Uint8Array });

/** @throws {Error} if it is not a message of this protocol */
export function parseMessage(data: unknown): IncomingMessage {
  if (typeof data === 'string') return typed(JSON.parse(data)) as ServerMessage;
  const { header, bytes } = decodeFrame(data instanceof ArrayBuffer ? new Uint8Array(data) : (data as Uint8Array));
  return { ...(typed(header) as FrameHeader), bytes };
}

function typed(value: unknown): object {
  if (typeof value === 'object' && value !== null && 'type' in value) return value;
  throw new Error('It has no type.');
}
