import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS, type ErrorCode, KandidError, reasonOf, toKandidError } from '../src/errors.ts';

/** Code → HTTP status and exit code, as released: a row may be added, none may change or go. */
const RELEASED: Record<ErrorCode, [number, number]> = {
  option_invalid: [400, 2],
  setting_invalid: [500, 2],
  params_invalid: [400, 2],
  model_unknown: [404, 2],
  model_kind: [400, 2],
  guide_unknown: [400, 2],
  code_invalid: [400, 2],
  tree_too_deep: [400, 2],
  tree_too_large: [400, 2],
  condition_missing: [400, 2],
  condition_address: [400, 2],
  condition_unexpected: [400, 2],
  package_missing: [500, 1],
  file_unreadable: [400, 1],
  file_unwritable: [500, 1],
  host_refused: [403, 2],
  picture_unreadable: [415, 1],
  picture_too_large: [413, 1],
  picture_damaged: [422, 1],
  picture_invalid: [400, 1],
  models_missing: [500, 1],
  bundle_invalid: [500, 1],
  bundle_version: [500, 1],
  bundle_file_name: [500, 1],
  bundle_file_missing: [500, 1],
  bundle_file_changed: [500, 1],
  bundle_graph: [500, 1],
  bundle_exists: [409, 2],
  checkpoint_refused: [422, 1],
  hub_unknown: [404, 2],
  hub_missing: [404, 1],
  hub_refused: [403, 1],
  hub_failed: [502, 1],
  hub_changed: [502, 1],
  hub_unfit: [422, 1],
  library_unavailable: [500, 1],
  cuda_unavailable: [503, 1],
  webgpu_unavailable: [503, 1],
  device_unavailable: [503, 1],
  cuda_platform: [500, 1],
  cuda_version: [500, 1],
  cuda_missing: [500, 1],
  cuda_damaged: [500, 1],
  device_differs: [500, 1],
  wheel_unavailable: [502, 1],
  wheel_changed: [502, 1],
  wheel_missing: [400, 1],
  graph_unreadable: [500, 1],
  graph_inputs: [500, 1],
  graph_failed: [500, 1],
  memory_exhausted: [503, 1],
  guide_invalid: [500, 1],
  guide_duplicate: [500, 1],
  guide_refused: [422, 1],
  guide_failed: [500, 1],
  guide_timeout: [504, 1],
  guide_score_count: [500, 1],
  guide_score_value: [500, 1],
  guide_changed_input: [500, 1],
  message_invalid: [400, 2],
  bytes_full: [503, 1],
  client_bytes_full: [429, 1],
  connections_full: [503, 1],
  spool_failed: [503, 1],
  queue_full: [429, 1],
  client_busy: [429, 1],
  request_too_large: [400, 2],
  draining: [503, 1],
  worker_unavailable: [503, 1],
  worker_lost: [500, 1],
  idempotency_conflict: [422, 2],
  job_unknown: [404, 2],
  question_closed: [409, 1],
  redis_unavailable: [503, 1],
  redis_unfit: [500, 1],
  deadline_passed: [504, 1],
  route_unknown: [404, 2],
  method_refused: [405, 2],
  type_unsupported: [415, 2],
  not_acceptable: [406, 2],
  body_invalid: [400, 2],
  body_too_large: [413, 2],
  key_missing: [401, 2],
  key_unknown: [401, 2],
  rate_limited: [429, 1],
  keys_tried: [429, 1],
  port_in_use: [500, 2],
  host_unknown: [421, 2],
  link_invalid: [403, 2],
  link_expired: [403, 2],
  origin_refused: [403, 2],
  sockets_full: [503, 1],
  session_unknown: [404, 2],
  not_ready: [503, 1],
  provenance_missing: [404, 1],
  unwell: [500, 1],
  cancelled: [499, 1],
  closed: [503, 1],
  internal: [500, 1],
};

test('every row keeps its status and exit code', () => {
  const rows = Object.entries(ERRORS).map(([code, [status, exit]]) => [code, [status, exit]]);
  assert.deepEqual(Object.fromEntries(rows), RELEASED);
});

for (const [code, [, , message]] of Object.entries(ERRORS)) {
  test(`${code}: the message is a sentence that uses all its details`, () => {
    assert.match(message, /[.}]$/);
    const names = [...message.matchAll(/\{(\w+)\}/g)].map((match) => String(match[1]));
    const details = Object.fromEntries(names.map((name) => [name, `<${name}>`]));
    const error = new KandidError(code as ErrorCode, details as never);
    assert.ok(!error.message.includes('{'));
    for (const name of names) assert.ok(error.message.includes(`<${name}>`));
  });
}

test('errors are exported with code, message and details, without cause and stack', () => {
  const error = new KandidError('picture_too_large', { name: 'a.png', width: 9, height: 8, limit: 7 }, { cause: 'x' });
  assert.deepEqual(JSON.parse(JSON.stringify(error)), {
    code: 'picture_too_large',
    message: 'a.png is 9×8 pixels, more than the 7 allowed. Shrink it first.',
    details: { name: 'a.png', width: 9, height: 8, limit: 7 },
  });
  assert.equal(error.status, 413);
  assert.equal(error.exitCode, 1);
  assert.equal(error.cause, 'x');
});

test('any thrown value becomes a coded error', () => {
  const own = new KandidError('closed', { when: 'early' });
  assert.equal(toKandidError(own), own);
  assert.equal(toKandidError(new DOMException('stop', 'AbortError')).code, 'cancelled');
  const other = toKandidError(new TypeError('odd.'));
  assert.equal(other.code, 'internal');
  assert.match(other.message, /Kandid: odd\. Please/);
});

test('a reason is a single line of limited length', () => {
  assert.equal(reasonOf(new Error('one\n  two.')), 'one two');
  assert.equal(reasonOf('x'.repeat(9999)).length, 500);
});

test('a message that ends in a question has no full stop after it', () => {
  const { message } = new KandidError('option_invalid', { option: 'x', got: '1', expected: '2. Did you mean "2"?' });
  assert.equal(message, 'x is 1, expected 2. Did you mean "2"?');
});
