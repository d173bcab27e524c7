/**
 * One run at a time in a process: two of ONNX Runtime's WebGPU at the same time end the process (onnxruntime #32561).
 *
 * A run blocks its JavaScript thread today, so runs of one thread never meet; the queue keeps that true if a later
 * onnxruntime-node runs beside it. Threads of one process share ONNX Runtime but no queue: only the main one may use it.
 */
import { isMainThread } from 'node:worker_threads';

let last: Promise<unknown> = Promise.resolve();

/** Does `work` after all that was given before, whether that succeeded or not. */
export function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const own = last.then(work);
  last = own.catch(() => {});
  return own;
}

/** @throws {Error} in a worker thread */
export function checkThread(isMain: boolean = isMainThread): void {
  if (!isMain) throw new Error('WebGPU can be used in the main thread of a process only; start a process of its own');
}
