/** Structured logs: one JSON object per line. */
import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger };

export interface LogOptions {
  /** trace, debug, info, warn, error, fatal or silent. */
  readonly level: string;
  /** Where lines are written; see `LogOutput`. @default nowhere */
  readonly destination?: DestinationStream | undefined;
}

/** Headers that carry keys are never logged. */
const HIDDEN = ['req.headers.authorization', 'req.headers.cookie', 'req.headers["sec-websocket-protocol"]'];

export function createLog({ level, destination }: LogOptions): Logger {
  const options = { level, base: null, redact: { paths: HIDDEN, censor: '(hidden)' } };
  return pino(options, destination ?? { write: () => {} });
}
