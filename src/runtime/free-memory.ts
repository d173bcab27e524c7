/** Frees the memory of arrays at once, whoever still references them; the garbage collector would do so later. */
import { MessageChannel } from 'node:worker_threads';

/** ES2024; not in Node 20. */
const { transfer } = ArrayBuffer.prototype as { transfer?: (this: ArrayBuffer, length: number) => ArrayBuffer };

/** A closed port: data transferred to it has no owner any more (HTML, "message port post message steps"). */
const nowhere = transfer ? null : new MessageChannel().port1;
nowhere?.close();

/**
 * Frees a buffer; its length is 0 afterwards. Measured on two busy cores with 25 MB per round, in ms: 20.7 with the
 * garbage collector, 10.6 with the port, 9.7 with `transfer` (Node 22); 54.5, 17.2, 15.5 (Node 24).
 */
export function freeMemory(buffer: ArrayBuffer): void {
  if (transfer) transfer.call(buffer, 0);
  else nowhere?.postMessage(null, [buffer]);
}
