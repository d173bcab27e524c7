/** An error that the server answered. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  /** Of the server's error table; `connection_lost` where there was no answer. */
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** Of HTTP, where it came that way. */
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
