/** An error reported by the server. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  /** Code from the server's error table; `connection_lost` if there was no response. */
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** HTTP status; null for errors on the stream. */
  readonly status: number | null;

  constructor(
    code: string,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    status: number | null = null,
  ) {
    super(message);
    this.code = code;
    this.details = details;
    this.status = status;
  }
}
