/** Upper bounds on memory and disk that follow from the limits, whatever clients do. */
import { MAX_DRAWN_BYTES } from '../contract/beams.ts';

export interface Footprint {
  /** Resident bytes of the server process. */
  readonly serverBytes: number;
  /** Resident bytes of each worker process; the weights of unusually large models are extra. */
  readonly workerBytes: number;
  /** Bytes of large bodies in the temporary folder. */
  readonly spoolBytes: number;
}

/** Settings that the footprint is computed from. */
export interface Limits {
  readonly allAnswerBytes: number;
  readonly allBodyBytes: number;
  readonly backlogBytes: number;
  readonly bodyBytes: number;
  readonly jobPixels: number;
  readonly keptBytes: number;
  readonly limitPixels: number;
  readonly sockets: number;
  readonly workerBytes: number;
}

const MiB = 2 ** 20;
/** Resident bytes of an idle process: Node.js, libraries, code. */
const SERVER_BASE = 256 * MiB;
/** The same with ONNX Runtime, sharp and CLIP. */
const WORKER_BASE = 640 * MiB;
/** Number of largest-size bodies parsed at once. */
export const PARSED_AT_ONCE = 2;
/** Copies of a body while it is parsed: raw bytes, text, values, and garbage not collected yet. */
const COPIES_PARSED = 4;
/** Copies of a body: in memory, and in transit to a worker. */
const COPIES_OF_BODIES = 2;
/** Largest blocks that the run buffers may keep. */
const RUN_BLOCKS = 6;
/** Bytes per pixel of a picture being decoded; large ones are decoded one at a time. */
const BYTES_PER_PIXEL = 12;
/** Bytes per pixel of the largest job's pictures: the most recently ended job is kept, however large. */
const ENCODED_BYTES = 3.1;

export function footprintOf(limits: Limits): Footprint {
  const { bodyBytes, allBodyBytes, allAnswerBytes, keptBytes, jobPixels, sockets, backlogBytes } = limits;
  const { workerBytes, limitPixels } = limits;
  const bodies = PARSED_AT_ONCE * COPIES_PARSED * bodyBytes + COPIES_OF_BODIES * allBodyBytes;
  const answers = allAnswerBytes + keptBytes + ENCODED_BYTES * jobPixels;
  return {
    serverBytes: Math.ceil(SERVER_BASE + bodies + answers + sockets * backlogBytes),
    workerBytes: WORKER_BASE + workerBytes + RUN_BLOCKS * MAX_DRAWN_BYTES + BYTES_PER_PIXEL * limitPixels,
    spoolBytes: allBodyBytes,
  };
}
