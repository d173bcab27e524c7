import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Shares } from '../../src/worker/shares.ts';

test('the waiting client with the smallest share is next', () => {
  const shares = new Shares();
  for (const client of ['a', 'b', 'c']) shares.enter(client);
  shares.charge('a', 5);
  shares.charge('b', 3);
  shares.charge('c', 1);
  assert.equal(shares.next(['a', 'b', 'c']), 'c');
  assert.equal(shares.next(['a', 'b']), 'b');
  assert.equal(shares.next(['nobody']), undefined);
});

test('a new client goes first, but cannot claim more than the existing ones', () => {
  const shares = new Shares();
  shares.enter('heavy');
  shares.charge('heavy', 1000);
  shares.enter('small');
  assert.equal(shares.next(['heavy', 'small']), 'small');
  shares.charge('small', 2);
  assert.equal(shares.next(['heavy', 'small']), 'heavy');
  shares.charge('heavy', 50);
  shares.charge('small', 2);
  assert.equal(shares.next(['heavy', 'small']), 'small');
});

test('an account exists while it has open work, regardless of how often it is opened', () => {
  const shares = new Shares();
  shares.enter('a');
  shares.enter('a');
  shares.enter('b');
  shares.charge('a', 10);
  shares.leave('a');
  assert.equal(shares.next(['a', 'b']), 'b');
  shares.leave('a');
  assert.equal(shares.next(['a']), undefined);
  shares.leave('a');
});
