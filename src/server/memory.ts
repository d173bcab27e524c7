/** What the limits add up to: memory and disk that the server takes at most, whatever clients do. */

export interface Footprint {
  /** Resident bytes of the server process. */
  readonly serverBytes: number;
  /** Of each worker process; the models' own weights come on top where they are larger than usual. */
  readonly workerBytes: number;
  /** Of large bodies, in the folder of temporary files. */
  readonly spoolBytes: number;
}

/** Settings that it follows from. */
export interface Limits {
  readonly allAnswerBytes: number;
  readonly allBodyBytes: number;
  readonly backlogBytes: number;
  readonly bodyBytes: number;
  readonly jobPixels: number;
  readonly jobRunBytes: number;
  readonly keptBytes: number;
  readonly limitPixels: number;
  readonly sockets: number;
  readonly workerBytes: number;
}

const MiB = 2 ** 20;
/** Of a process that does nothing yet: Node.js, libraries, code. */
const SERVER_BASE = 256 * MiB;
/** ONNX Runtime, sharp and CLIP besides. */
const WORKER_BASE = 640 * MiB;
/** Bodies of the largest size that are parsed at once. */
export const PARSED_AT_ONCE = 2;
/** A body that is parsed: as it came, as text, as values, and what was not collected yet. */
const COPIES_PARSED = 4;
/** A body in memory, and on its way to a worker. */
const COPIES_OF_BODIES = 2;
/** Largest blocks that the buffers of runs may keep. */
const RUN_BLOCKS = 6;
/** Of a picture that is decoded: one at a time where it is large. */
const BYTES_PER_PIXEL = 12;
/** Of the largest job's pictures: the newest that has ended is kept, however large. */
const ENCODED_BYTES = 3.1;

export function footprintOf(limits: Limits): Footprint {
  const { bodyBytes, allBodyBytes, allAnswerBytes, keptBytes, jobPixels, sockets, backlogBytes } = limits;
  const { workerBytes, jobRunBytes, limitPixels } = limits;
  const bodies = PARSED_AT_ONCE * COPIES_PARSED * bodyBytes + COPIES_OF_BODIES * allBodyBytes;
  const answers = allAnswerBytes + keptBytes + ENCODED_BYTES * jobPixels;
  return {
    serverBytes: Math.ceil(SERVER_BASE + bodies + answers + sockets * backlogBytes),
    workerBytes: WORKER_BASE + workerBytes + RUN_BLOCKS * jobRunBytes + BYTES_PER_PIXEL * limitPixels,
    spoolBytes: allBodyBytes,
  };
}
