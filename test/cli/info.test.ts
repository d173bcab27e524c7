import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodePicture } from '../../src/pictures/codec.ts';
import { provenancePacket } from '../../src/pictures/provenance.ts';
import { kandid } from './fake-io.ts';

const made = { kandid: '0.1.0', model: 'tiny', hash: 'ab'.repeat(32), code: 'AQ', seed: 7 };
const guides = [{ name: 'text', weight: 2, params: { prompt: 'red' } }];

test('info prints how a picture was made', async () => {
  const white = { data: new Float32Array(12), channels: 3, width: 2, height: 2 };
  const file = await encodePicture(white, 'png', { xmp: provenancePacket({ ...made, guides }) });
  const { code, out, err } = await kandid(['info', '-'], { input: file });
  assert.equal(code, 0, err);
  assert.equal(out, 'model  tiny (abababab)\ncode   AQ\nseed   7\nguide  text × 2 {"prompt":"red"}');
});
