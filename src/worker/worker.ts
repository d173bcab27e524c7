/** Entry point of an inference process: the server forks it and communicates by messages. */
import { KandidError, reasonOf, toKandidError } from '../errors.ts';
import { Inference } from './inference.ts';
import type { FromWorker, ToWorker, WorkerOptions } from './messages.ts';

let opening: Promise<Inference | null> = Promise.resolve(null);

/**
 * A message that cannot be sent (for example, with an unserializable value from a guide) ends its job, and no other.
 */
function post(message: FromWorker): void {
  if (!process.connected) return;
  try {
    process.send?.(message, undefined, undefined, () => {});
  } catch (thrown) {
    const reason = `its results could not be sent: ${reasonOf(thrown)}`;
    const error = new KandidError('internal', { reason }).toJSON();
    if (message.type === 'event') post({ ...message, event: { type: 'failed', error } });
    else warn(thrown);
  }
}

function warn(thrown: unknown): void {
  post({ type: 'warning', text: reasonOf(thrown) });
}

async function open(options: WorkerOptions): Promise<Inference | null> {
  try {
    const inference = await Inference.open(options, post);
    post({ type: 'ready', info: inference.info });
    return inference;
  } catch (thrown) {
    await sendAndWait({ type: 'startupFailure', error: toKandidError(thrown).toJSON() });
    process.exit(1);
  }
}

/** Resolves when the message was sent. */
async function sendAndWait(message: FromWorker): Promise<void> {
  await new Promise<void>((resolve) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => resolve());
    else resolve();
  });
}

async function stop(): Promise<void> {
  const inference = await opening;
  await inference?.close();
  process.exit(0);
}

process.on('message', (message: ToWorker) => {
  if (message.type === 'open') opening = open(message.options);
  else if (message.type === 'stop') stop().catch(() => process.exit(1));
  else opening.then((inference) => inference?.handle(message)).catch(warn);
});

// A terminal sends Ctrl-C to all its processes; the server lets the jobs end and then sends stop.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
process.on('disconnect', () => process.exit(0));
// An unhandled rejection in a guide is no reason to lose other jobs.
process.on('unhandledRejection', warn);
