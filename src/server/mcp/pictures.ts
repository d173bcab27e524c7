/** Resolves pictures given as tool arguments. */
import { fileURLToPath } from 'node:url';
import { KandidError, reasonOf } from '../../errors.ts';
import { download } from '../http/download.ts';
import type { ToolUse } from './perform.ts';
import type { Source } from './schemas.ts';

/** @throws {KandidError} params_invalid, file_unreadable */
export async function pictureAt(source: Source, { services, caller }: ToolUse, field: string): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  const { name } = source;
  if (/^https?:/i.test(name)) {
    const lease = services.intake.budget.lease(caller.client.name);
    try {
      return await download(name, { settings: services.settings, field, lease, signal: caller.signal });
    } finally {
      // From here on it is counted with the arguments of the call, which have the same size limit.
      lease.release();
    }
  }
  const refuse = (problem: string) => new KandidError('params_invalid', { subject: 'The arguments', field, problem });
  if (!caller.readFile) throw refuse('files cannot be read from here; expected the picture as base64 or a data URL');
  return await caller.readFile(/^file:/i.test(name) ? pathOf(name, refuse) : name);
}

function pathOf(address: string, refuse: (problem: string) => KandidError): string {
  try {
    return fileURLToPath(address);
  } catch (cause) {
    throw refuse(`it is no address of a file here (${reasonOf(cause)}); expected a path`);
  }
}
