/**
 * Every error a user can meet, one row each: `code: [HTTP status, exit code, message]`.
 *
 * A message says what was wrong, what was expected and what to do; `{name}` is filled from the error's details.
 * Codes are part of the API: they are never reused nor given another meaning.
 */
export const ERRORS = {
  // How Kandid was called
  option_invalid: [400, 2, '{option} is {got}, expected {expected}.'],
  setting_invalid: [500, 2, 'Setting {name} is {got}, expected {expected}.'],
  params_invalid: [400, 2, '{subject}: {field}: {problem}.'],
  model_unknown: [404, 2, 'There is no model "{name}". {hint}'],
  model_kind: [400, 2, 'Model "{name}" is a {got}, expected a {expected}. {hint}'],
  guide_unknown: [400, 2, 'There is no guide "{name}". {hint}'],
  code_invalid: [400, 2, 'Code {code}: {problem}. Expected {expected}.'],
  tree_too_deep: [
    400,
    2,
    'A tree of depth {depth} needs a model of {depth} levels; "{model}" has {levels}. Ask for at most {levels}.',
  ],
  tree_too_large: [
    400,
    2,
    'A tree of depth {depth} of "{model}" with leaves of {leaf} pixels needs {pictures} pictures on {width}×{height} pixels, more than {limit}. {hint}',
  ],
  condition_missing: [
    400,
    2,
    'Model "{model}" needs a condition picture ({kind}). Give one as "condition" (--condition FILE), or choose a model without.',
  ],
  condition_address: [
    400,
    2,
    'Model "{model}" draws from a code and a condition picture ({kind}), which an address cannot carry. POST both to /v1/decode.',
  ],
  condition_unexpected: [
    400,
    2,
    'Model "{model}" takes no condition picture. Leave it out, or choose a model that does.',
  ],
  package_missing: [
    500,
    1,
    'The npm package {package} is not installed; only {purpose} need it. Run: npm install {install}',
  ],
  file_unreadable: [400, 1, '{file} could not be read: {reason}. Check the name and the permissions.'],
  file_unwritable: [
    500,
    1,
    '{file} could not be written: {reason}. Check the folder, the permissions and the free space.',
  ],
  host_refused: [403, 2, 'Host {host} is not on the list of hosts that guides may call. Add it to the allowed hosts.'],

  // Pictures
  picture_unreadable: [
    415,
    1,
    '{name} is not a picture that can be read ({reason}). Expected PNG, JPEG, WebP, AVIF, TIFF or GIF.',
  ],
  picture_too_large: [413, 1, '{name} is {width}×{height} pixels, more than the {limit} allowed. Shrink it first.'],
  picture_damaged: [422, 1, '{name} is cut short or damaged ({reason}). Make or upload it again.'],
  picture_invalid: [400, 1, '{name}: got {got}, expected {expected}.'],

  // Bundles
  models_missing: [
    500,
    1,
    'No bundle was found in {folders}. Expected folders that hold a model.json; name the right folder.',
  ],
  bundle_invalid: [500, 1, 'Bundle "{bundle}", {file}: {problem}. Export the bundle again, or correct the file.'],
  bundle_version: [
    500,
    1,
    'Bundle "{bundle}" has format version {got}, expected {expected}. Update Kandid, or export the bundle again.',
  ],
  bundle_file_name: [
    500,
    1,
    'Bundle "{bundle}", model.json names the file {file}, expected a file inside the bundle\'s own folder. Do not use this bundle unless you trust its maker.',
  ],
  bundle_file_missing: [
    500,
    1,
    'Bundle "{bundle}": {file} is missing, expected {bytes} bytes. Copy or download the whole bundle again.',
  ],
  bundle_file_changed: [
    500,
    1,
    'Bundle "{bundle}": {file} has {what} {got}, expected {expected}. It was changed or damaged: copy or download the bundle again.',
  ],
  bundle_graph: [
    500,
    1,
    'Bundle "{bundle}": {file} does not fit model.json: {what} is {got}, expected {expected}. Export the bundle again.',
  ],
  bundle_exists: [
    409,
    2,
    'There is a model "{name}" in {folder} already. Choose another --name, or remove its folder first.',
  ],
  checkpoint_refused: [
    422,
    1,
    '{file} was not imported: {problem}. Expected a checkpoint of a Discrete Distribution Network as its author published it; nothing in the file was executed.',
  ],

  // The hub
  hub_unknown: [
    404,
    2,
    'There is nothing to fetch that is called "{name}". {hint} Or give hf:OWNER/NAME, or an address.',
  ],
  hub_missing: [404, 1, 'There is nothing at {url}. Check the name and the revision.'],
  hub_refused: [
    403,
    1,
    '{url} answers {status}: it needs an account. Accept its terms there, and set HF_TOKEN to a token of yours.',
  ],
  hub_failed: [
    502,
    1,
    '{url} could not be fetched: {reason}. What is here already is kept: give the same command again. Behind a proxy, set HTTPS_PROXY; another hub is named by HF_ENDPOINT.',
  ],
  hub_changed: [
    502,
    1,
    '{url} is not what the hub says it is: {got}, expected {expected}. It was thrown away; try again later.',
  ],
  hub_unfit: [422, 1, '{source} is no model that Kandid can use: {problem}. Nothing was installed.'],

  // The runtime
  library_unavailable: [
    500,
    1,
    '{library} could not be loaded: {reason}. Install again with "npm ci"; on Alpine, or another libc than glibc, it does not run.',
  ],
  cuda_unavailable: [
    503,
    1,
    'Device {device} is not available: {reason}. Run "npm run setup:cuda" ("kandid setup-cuda" where Kandid is installed), and check the NVIDIA driver; or choose device cpu or auto.',
  ],
  webgpu_unavailable: [
    503,
    1,
    "Device webgpu is not available: {reason}. On Linux, WebGPU needs a Vulkan driver: install libvulkan1 and your GPU's driver; or choose device cpu or auto.",
  ],
  device_unavailable: [
    503,
    1,
    'Device {device} is not available: {reason}. CoreML (coreml) needs macOS, DirectML (dml) Windows; or choose device cpu or auto.',
  ],
  cuda_platform: [500, 1, 'ONNX Runtime has CUDA for Linux on x64 only; this is {got}. Use device cpu.'],
  cuda_version: [
    500,
    1,
    'The wheels that are known are of ONNX Runtime {got}, onnxruntime-node is {expected}. Install the version of package-lock.json with "npm ci".',
  ],
  cuda_missing: [500, 1, 'CUDA is not set up: {problem}. Run "npm run setup:cuda".'],
  cuda_damaged: [500, 1, '{file} is damaged: {problem}. Run "npm run setup:cuda": it fetches what is not right.'],
  device_differs: [
    500,
    1,
    '{device} computes other numbers than the CPU in {graph}: {got} of the largest apart, expected at most {expected}. Use device cpu, or update the driver of the GPU (with CUDA, run "npm run setup:cuda" again too).',
  ],
  wheel_unavailable: [
    502,
    1,
    '{file} could not be fetched: {reason}. What is here already is kept: give the same command again. Behind a proxy, set HTTPS_PROXY; another index is named by --index or PIP_INDEX_URL; without a network, use --wheels.',
  ],
  wheel_changed: [
    502,
    1,
    '{file} is not the wheel that is locked: {got}, expected {expected}. It was not used: fetch it again, from another index if need be.',
  ],
  wheel_missing: [
    400,
    1,
    '{folder} has no {file}. Fill the folder where there is a network: npm run setup:cuda -- --fetch {folder}',
  ],
  graph_unreadable: [500, 1, '{file} could not be opened as an ONNX graph: {reason}. Export or download it again.'],
  graph_inputs: [500, 1, '{file}: input "{input}" is {got}, expected {expected}.'],
  graph_failed: [500, 1, '{file} failed while running on {shapes}: {reason}.'],
  memory_exhausted: [503, 1, 'Out of memory while {doing}. Ask for fewer results or beams at once.'],

  // Guides
  guide_invalid: [500, 1, 'Guide file {file}: {problem}. Expected a default export made with defineGuide().'],
  guide_duplicate: [500, 1, 'Two guides are called "{guide}": {first} and {second}. Rename one.'],
  guide_refused: [422, 1, 'Guide "{guide}": {problem}.'],
  guide_failed: [500, 1, 'Guide "{guide}" failed: {reason}. Other guides still work; tell its author.'],
  guide_timeout: [
    504,
    1,
    'Guide "{guide}" gave no answer within {seconds} s. Raise the limit, or ask it about fewer candidates.',
  ],
  guide_score_count: [
    500,
    1,
    'Guide "{guide}" returned {got} scores, expected {expected}: one per candidate. Tell its author.',
  ],
  guide_score_value: [
    500,
    1,
    'Guide "{guide}" returned {got} as score {index}, expected a finite number. Tell its author.',
  ],
  guide_changed_input: [
    500,
    1,
    'Guide "{guide}" modified the candidates it was given; they are read-only. Tell its author.',
  ],

  // The server
  message_invalid: [400, 2, 'The message: {field}: {problem}.'],
  queue_full: [429, 1, 'The queue is full: {waiting} requests wait. Try again in {retrySeconds} s.'],
  client_busy: [
    429,
    1,
    'You have {open} requests waiting or running, the most allowed. Wait for one to end, or cancel one; try again in {retrySeconds} s.',
  ],
  request_too_large: [400, 2, '{what} is {got}, more than the {limit} that this server takes. {remedy}'],
  bytes_full: [
    503,
    1,
    '{what} hold as many bytes as may be held, {limit}. Try again in {retrySeconds} s, or send less.',
  ],
  client_bytes_full: [
    429,
    1,
    '{what} of yours hold as many bytes as may be held, {limit}. Let some end, read their answers, or cancel some; try again in {retrySeconds} s.',
  ],
  connections_full: [
    503,
    1,
    '{open} connections are open, as many as may. Close one, or try again in {retrySeconds} s.',
  ],
  spool_failed: [
    503,
    1,
    'A large body could not be kept on disk: {reason}. Try again later, or send less; the operator should look at the space in the folder of temporary files.',
  ],
  draining: [503, 1, 'The server is shutting down and takes no more requests. Try again in {retrySeconds} s.'],
  worker_unavailable: [503, 1, 'No worker process is ready: {reason}. Try again in {retrySeconds} s.'],
  worker_lost: [
    500,
    1,
    'The worker process ended twice while it ran this request ({reason}). Ask for fewer results or other guides; if it keeps happening, report it.',
  ],
  idempotency_conflict: [
    422,
    2,
    'Idempotency key "{key}" was used for another request. Use a new key for each new request.',
  ],
  job_unknown: [404, 2, 'There is no job "{job}". Results are kept for a limited time; send the request again.'],
  question_closed: [409, 1, 'Question {question} is not open. Answer the latest one before it times out.'],
  redis_unavailable: [
    503,
    1,
    'Redis at {address} does not answer: {reason}. Nothing that was taken in is lost; try again in {retrySeconds} s.',
  ],
  redis_unfit: [500, 1, 'Redis at {address} cannot hold jobs: {problem}. {remedy}'],
  deadline_passed: [504, 1, 'The deadline of this request ({seconds} s) passed before it started.'],

  // HTTP and WebSocket
  route_unknown: [404, 2, 'There is no route {path}. See /docs for those there are.'],
  method_refused: [405, 2, '{path} takes {allowed}, got {method}.'],
  type_unsupported: [415, 2, 'The body is {got}, expected {expected}.'],
  not_acceptable: [406, 2, 'None of the requested types ({got}) is available, expected {expected}.'],
  body_invalid: [400, 2, 'The body: {problem}.'],
  body_too_large: [413, 2, 'The body: {what} exceeds the limit of {limit}. Send less.'],
  key_missing: [401, 2, 'An API key is needed: send "Authorization: Bearer KEY".'],
  key_unknown: [401, 2, 'The API key is unknown. Check it, or ask the operator for one.'],
  rate_limited: [429, 1, 'More than {limit} {unit}. Try again in {retrySeconds} s.'],
  keys_tried: [429, 1, 'Too many unknown API keys came from your address. Try again in {retrySeconds} s.'],
  port_in_use: [500, 2, 'Port {port} is in use; try --port {next}.'],
  host_unknown: [
    421,
    2,
    'This server does not answer as "{host}". Call it by an address of this machine, or let the operator add the name to hostNames (KANDID_HOST_NAMES).',
  ],
  link_invalid: [403, 2, 'The signature of this address is invalid. Request the picture again, or send an API key.'],
  link_expired: [403, 2, 'This address expired at {expired}. Request the picture again, or send an API key.'],
  origin_refused: [403, 2, 'Pages of {origin} may not call this server. Let the operator add it to the origins.'],
  sockets_full: [503, 1, '{open} sockets are open, the most allowed. Close one, or try again in {retrySeconds} s.'],
  session_unknown: [404, 2, 'There is no session "{session}". It may have ended: begin another with initialize.'],
  not_ready: [503, 1, 'Models are being opened. Try again in {retrySeconds} s.'],
  provenance_missing: [
    404,
    1,
    '{name} has no Kandid metadata. Expected a PNG, WebP, JPEG or AVIF file that Kandid wrote.',
  ],

  // Everything else
  unwell: [500, 1, '{failed} of {of} checks failed. Each says what to do.'],
  cancelled: [499, 1, 'Cancelled {when}.'],
  closed: [503, 1, 'Kandid was closed {when}. Open it again.'],
  internal: [500, 1, 'Something went wrong inside Kandid: {reason}. Please report it.'],
} as const satisfies Record<string, readonly [status: number, exit: 1 | 2, message: string]>;

export type ErrorCode = keyof typeof ERRORS;

/** A value of an error's details, which go to the user as JSON. */
export type Detail = string | number | boolean | null | readonly string[] | readonly number[];

type Placeholders<Message extends string> = Message extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never;

/** The details a code needs: every name in its message, and more if they help. */
export type ErrorDetails<Code extends ErrorCode> = Record<Placeholders<(typeof ERRORS)[Code][2]>, Detail> &
  Record<string, Detail>;

/** An error for a user. `cause` keeps what was caught, for the log; it never leaves the process. */
export class KandidError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'KandidError';
  readonly code: Code;
  readonly details: Readonly<Record<string, Detail>>;

  constructor(code: Code, details: ErrorDetails<Code>, options?: { cause?: unknown }) {
    super(fill(ERRORS[code][2], details), options);
    this.code = code;
    this.details = details;
  }

  /** HTTP status. */
  get status(): number {
    return ERRORS[this.code][0];
  }

  /** Exit code of the command line: 1 failed, 2 wrong usage. */
  get exitCode(): 1 | 2 {
    return ERRORS[this.code][1];
  }

  /** What a client may see: no stack, no cause. */
  toJSON(): { code: Code; message: string; details: Readonly<Record<string, Detail>> } {
    return { code: this.code, message: this.message, details: this.details };
  }
}

/** What was thrown as an error of the table: itself where it is one, `cancelled` for an abort, else `internal`. */
export function toKandidError(thrown: unknown): KandidError {
  if (thrown instanceof KandidError) return thrown;
  if (thrown instanceof Error && thrown.name === 'AbortError')
    return new KandidError('cancelled', { when: 'on request' }, { cause: thrown });
  return new KandidError('internal', { reason: reasonOf(thrown) }, { cause: thrown });
}

/** The message of whatever was thrown, in one line without its closing full stop, to stand inside another message. */
export function reasonOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return text.replace(/\s+/g, ' ').trim().replace(/\.$/, '').slice(0, 500);
}

function fill(message: string, details: Readonly<Record<string, Detail>>): string {
  const filled = message.replace(/\{(\w+)\}/g, (_, name: string) => String(details[name]));
  // A detail may end in a question ("Did you mean …?") where the message has a full stop.
  return filled.replace(/\?\.(?=\s|$)/g, '?');
}
