/** A check of the installation, and how a failure becomes one. */
import { toKandidError } from '../errors.ts';

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** The finding. */
  readonly detail: string;
  /** What to do; also set if `ok` but something could be better. */
  readonly remedy: string | null;
}

export async function checked(name: string, check: () => Promise<string>): Promise<Check> {
  try {
    return { name, ok: true, detail: await check(), remedy: null };
  } catch (error) {
    return failed(name, error);
  }
}

/** Error messages end with a remedy: the first sentence is the finding, the rest the remedy. */
export function failed(name: string, error: unknown): Check {
  const { message } = toKandidError(error);
  const end = message.search(/\. (?=[A-Z])/);
  const [detail, remedy] = end < 0 ? [message, null] : [message.slice(0, end + 1), message.slice(end + 2)];
  return { name, ok: false, detail, remedy };
}
