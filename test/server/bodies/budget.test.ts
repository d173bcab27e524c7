import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteBudget } from '../../../src/server/bodies/budget.ts';
import { ByteGate } from '../../../src/server/bodies/gate.ts';

test('bytes are limited per client and in total; released bytes are available again', () => {
  const budget = new ByteBudget({ all: 100, perClient: 60, what: 'Bodies' });
  const [a, a2, b] = [budget.lease('a'), budget.lease('a'), budget.lease('b')];
  a.grow(40);
  assert.throws(() => a2.grow(21), { code: 'client_bytes_full', status: 429, message: /Bodies of yours .* 60\./ });
  a2.grow(20);
  assert.throws(() => b.grow(41), { code: 'bytes_full', status: 503, message: /Try again in \d+ s/ });
  b.grow(40);
  a.shrink(10);
  a.release();
  a.release();
  assert.equal(budget.held, 60);
  b.grow(20);
  for (const lease of [a2, b]) lease.release();
  assert.equal(budget.held, 0);
  a.grow(60);
});

test('a refused increase keeps the bytes already held', () => {
  const budget = new ByteBudget({ all: 100, perClient: 100, what: 'Bodies' });
  const lease = budget.lease('a');
  lease.grow(80);
  assert.throws(() => lease.grow(30));
  assert.equal(budget.held, 80);
  lease.shrink(1000);
  assert.equal(budget.held, 0);
});

test('the gate admits a number of bytes, in order; a larger item runs alone', async () => {
  const gate = new ByteGate(10);
  const order: string[] = [];
  const enter = async (name: string, bytes: number) => {
    const leave = await gate.enter(bytes);
    order.push(name);
    return leave;
  };
  const a = await enter('a', 6);
  const [b, c, d] = [enter('b', 50), enter('c', 1), enter('d', 9)];
  await Promise.resolve();
  assert.deepEqual(order, ['a']);
  a();
  a();
  const leaveB = await b;
  assert.deepEqual(order, ['a', 'b']);
  leaveB();
  await Promise.all([c, d]);
  assert.deepEqual(order, ['a', 'b', 'c', 'd']);
});
