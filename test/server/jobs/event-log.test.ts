import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventLog, type Gap, type LogEntry } from '../../../src/server/jobs/event-log.ts';
import { JobSubscriber } from '../../../src/server/jobs/subscriber.ts';
import { done, level, preview, queued } from '../job-events.ts';

function logOf(most = 100) {
  const log = new EventLog(most);
  let at = 0;
  return { log, add: (...event: Parameters<EventLog['append']>[0][]) => event.map((one) => log.append(one, 1, at++)) };
}

const shown = (entry: LogEntry | Gap | null) => {
  if (!entry) return null;
  if (!('event' in entry)) return `gap ${entry.from}–${entry.to}`;
  const { seq, event } = entry;
  return `${seq} ${event.type}${event.type === 'preview' || event.type === 'level' ? ` ${event.level}` : ''}`;
};

function all(subscriber: JobSubscriber): (string | null)[] {
  const events: (string | null)[] = [];
  for (let next = subscriber.next(); next; next = subscriber.next()) events.push(shown(next));
  return events;
}

test('events are numbered and reach every subscriber in order', () => {
  const { log, add } = logOf();
  const early = new JobSubscriber(log);
  add(queued(0), level(0), preview(0));
  const late = new JobSubscriber(log);
  add(level(1));
  const expected = ['0 queued', '1 level 0', '2 preview 0', '3 level 1'];
  assert.deepEqual(all(early), expected);
  assert.deepEqual(all(late), expected);
  assert.equal(early.next(), null);
});

test('a subscriber resumes after a lost connection', () => {
  const { log, add } = logOf();
  add(queued(0), level(0), level(1));
  assert.deepEqual(all(new JobSubscriber(log, { since: 1 })), ['2 level 1']);
  assert.deepEqual(all(new JobSubscriber(log, { since: 99 })), []);
  add(level(2));
  assert.deepEqual(all(new JobSubscriber(log, { since: 2 })), ['3 level 2']);
});

test('events that are no longer kept are reported as a gap', () => {
  const { log, add } = logOf(2);
  add(level(0), level(1), level(2), level(3));
  assert.deepEqual(all(new JobSubscriber(log)), ['gap 0–1', '2 level 2', '3 level 3']);
  assert.deepEqual(all(new JobSubscriber(log, { since: 1 })), ['2 level 2', '3 level 3']);
  const slow = new JobSubscriber(log, { since: 0 });
  assert.equal(shown(slow.next()), 'gap 1–1');
  add(level(4), level(5), level(6));
  assert.deepEqual(all(slow), ['gap 2–4', '5 level 5', '6 level 6']);
});

test('a slow subscriber loses only older previews of each picture', () => {
  const { log, add } = logOf();
  const slow = new JobSubscriber(log);
  const quick = new JobSubscriber(log);
  add(queued(3), queued(2), level(0), preview(0, 0), preview(0, 1));
  assert.deepEqual(all(quick), ['1 queued', '2 level 0', '3 preview 0', '4 preview 0']);
  add(level(1), preview(1, 0), preview(1, 1), level(2), preview(2, 0));
  assert.deepEqual(all(quick), ['5 level 1', '7 preview 1', '8 level 2', '9 preview 2']);
  assert.deepEqual(all(slow), ['1 queued', '2 level 0', '5 level 1', '7 preview 1', '8 level 2', '9 preview 2']);
  assert.equal(slow.dropped, 3);
  assert.equal(quick.dropped, 1);
});

test('the end reaches the slowest subscriber, without the previews before it', () => {
  const { log, add } = logOf(3);
  const slow = new JobSubscriber(log);
  add(level(0), preview(0), level(1), preview(1), level(2), done());
  assert.deepEqual(all(slow), ['gap 0–0', '2 level 1', '4 level 2', '5 done']);
  assert.ok(slow.ended);
  assert.equal(slow.dropped, 2);
  assert.deepEqual(all(new JobSubscriber(log)), ['gap 0–0', '2 level 1', '4 level 2', '5 done']);
  assert.throws(() => add(level(3)), RangeError);
});

test('requested previews are kept', () => {
  const { log, add } = logOf();
  add(preview(1, 0, true), preview(2, 0, true), done());
  const subscriber = new JobSubscriber(log);
  assert.deepEqual(all(subscriber), ['0 preview 1', '1 preview 2', '2 done']);
  assert.equal(subscriber.dropped, 0);
});

test('a loop over a subscription waits for events and ends with the job', async () => {
  const { log, add } = logOf();
  add(level(0));
  const seen: (string | null)[] = [];
  for await (const event of new JobSubscriber(log)) {
    seen.push(shown(event));
    if (seen.length === 1) setImmediate(() => add(level(1)));
    if (seen.length === 2) add(preview(1));
    if (seen.length === 3) setImmediate(() => add(done()));
  }
  assert.deepEqual(seen, ['0 level 0', '1 level 1', '2 preview 1', '3 done']);
});

test('a loop ends when its subscription is closed', async () => {
  const { log } = logOf();
  const subscriber = new JobSubscriber(log);
  setImmediate(() => subscriber.close());
  for await (const event of subscriber) assert.fail(String(shown(event)));
});

test('callbacks report subscriptions that end', () => {
  const { log, add } = logOf();
  const told: string[] = [];
  const subscriber = new JobSubscriber(log, {
    onEvent: () => told.push('event'),
    onPreview: (of) => told.push(`preview ${of}`),
    onClose: () => told.push('close'),
  });
  add(preview(3));
  subscriber.next();
  subscriber.close();
  subscriber.close();
  add(level(1));
  assert.deepEqual(told, ['event', 'preview 3', 'close']);
  assert.equal(subscriber.next(), null);
  assert.ok(subscriber.ended);
});

test('memory is counted by pictures', () => {
  const { log, add } = logOf();
  add(preview(0), preview(1));
  const before = log.bytes;
  add(done(5000));
  assert.ok(log.bytes - before > 4000);
});
