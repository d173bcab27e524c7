import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beams, decimal, guideSpec, jsonObject, oneOf, particles, whole } from '../../src/cli/values.ts';

const refused = (work: () => unknown, words: RegExp) => assert.throws(work, { code: 'option_invalid', message: words });

test('integers within their range', () => {
  const count = whole('--count', 1, 256);
  assert.equal(count('8'), 8);
  assert.equal(count('+8'), 8);
  for (const text of ['', ' ', '0', '257', '1.5', '1e2', 'NaN', 'Infinity', '0x10', '-1', '8 pictures', '9'.repeat(40)])
    refused(() => count(text), /^--count is ".*", expected a whole number from 1 to 256\.$/);
});

test('numbers within their range', () => {
  const temperature = decimal('--temperature', 0, 100);
  assert.equal(temperature('.5'), 0.5);
  assert.equal(temperature('1e1'), 10);
  for (const text of ['', ' ', 'warm', 'NaN', 'Infinity', '-0.1', '101', '1,5'])
    refused(() => temperature(text), /^--temperature is/);
});

test('one of several words; the error suggests the nearest', () => {
  const blend = oneOf('--blend', ['rank', 'zscore', 'product']);
  assert.equal(blend('rank'), 'rank');
  refused(() => blend('zscor'), /expected rank, zscore, product\. Did you mean "zscore"\?/);
});

test('beams in their three forms', () => {
  assert.equal(beams('16'), 16);
  assert.deepEqual(beams('16,8,4'), [16, 8, 4]);
  assert.deepEqual(beams('4:16,8:8'), { 4: 16, 8: 8 });
  for (const text of ['', '0', '257', 'many', '4:', ':4', '4:16:2', '4:16,8', '-3', '16,,4', '1.5'])
    refused(() => beams(text), /^--beams is/);
});

test('particles for all levels and by side', () => {
  assert.equal(particles('3'), 3);
  assert.deepEqual(particles('4:3,8:1.5'), { 4: 3, 8: 1.5 });
  for (const text of ['', '0', '65', 'many', '4:', ':4', '4:3:2', '4:3,8', '-3', 'NaN'])
    refused(() => particles(text), /^--particles is/);
});

test('a guide with and without weight and params', () => {
  assert.deepEqual(guideSpec('style'), { name: 'style', weight: 1, params: {} });
  assert.deepEqual(guideSpec('style:0.5'), { name: 'style', weight: 0.5, params: {} });
  assert.deepEqual(guideSpec('text:{"prompt":"a: b"}'), { name: 'text', weight: 1, params: { prompt: 'a: b' } });
  assert.deepEqual(guideSpec('text:-2:{"prompt":"a: b"}'), { name: 'text', weight: -2, params: { prompt: 'a: b' } });
  assert.deepEqual(guideSpec('text:{}'), { name: 'text', weight: 1, params: {} });
});

test('invalid guides are reported', () => {
  refused(() => guideSpec(''), /^--guide is ""/);
  refused(() => guideSpec(':1'), /^--guide is ":1"/);
  refused(() => guideSpec('style:heavy'), /^weight of --guide style is "heavy"/);
  refused(() => guideSpec('style:NaN'), /^weight of --guide style is "NaN"/);
  refused(() => guideSpec('style:1:{'), /^params of --guide style is "\{", expected a JSON object/);
  refused(() => guideSpec('style:1:[1]'), /^params of --guide style/);
});

test('only JSON objects are accepted', () => {
  assert.deepEqual(jsonObject('--params', '{"a": 1}'), { a: 1 });
  for (const text of ['', 'null', '[]', '1', '{', '{a: 1}'])
    refused(() => jsonObject('--params', text), /^--params is/);
});
