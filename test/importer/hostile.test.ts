/** Files that are not what they claim: each is refused with a reason, nothing of it is run, and memory stays bounded. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { CheckpointProblem } from '../../src/importer/pickle/problem.ts';
import type { StoredFloats } from '../../src/importer/pickle/tensor.ts';
import { readTensors } from '../../src/runtime/safetensors.ts';
import { checkpointOf, fixtureBytes, imported } from './checkpoints.ts';

const MAX_BYTES = 2 ** 30;

const bytes = (...parts: (string | number | Uint8Array)[]) =>
  Buffer.concat(
    parts.map((part) =>
      typeof part === 'number' ? Buffer.of(part) : typeof part === 'string' ? Buffer.from(part, 'latin1') : part,
    ),
  );

const PROTO4 = bytes(0x80, 4);
const PROTO2 = bytes(0x80, 2);
const text = (value: string) => bytes(0x8c, value.length, value);
/** STACK_GLOBAL */
const named = (module: string, name: string) => bytes(text(module), text(name), 0x93);
/** TUPLE1 and REDUCE */
const called = (module: string, name: string, argument: Uint8Array) => bytes(named(module, name), argument, 0x85, 'R');
const pickle = (...parts: (string | number | Uint8Array)[]) => bytes(PROTO4, ...parts, '.');
const uint32 = (value: number) => {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
};
const uint64 = (value: bigint) => {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(value);
  return buffer;
};
const loaded = (content: Uint8Array) =>
  pickle(called('torch.storage', '_load_from_bytes', bytes('B', uint32(content.length), content)));

const MAGIC = bytes(PROTO2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.');
const VERSION = bytes(PROTO2, 'M', 0xe9, 3, '.');
const longText = (value: string) => bytes('X', uint32(value.length), value);
const SYSTEM = bytes(PROTO2, '}', longText('little_endian'), 0x88, 's.');
const storageOf = (kind: string, count: Uint8Array) =>
  bytes(PROTO2, '(', longText('storage'), `ctorch\n${kind}\n`, longText('1'), longText('cpu'), count, 'NtQ.');
const KEYS = bytes(PROTO2, ']', longText('1'), 'a.');
const torchFile = (kind: string, announced: Uint8Array, stored: bigint, values: number) =>
  bytes(MAGIC, VERSION, SYSTEM, storageOf(kind, announced), KEYS, uint64(stored), Buffer.alloc(values));

/** A file that is all of one opcode, after the head. */
const repeated = (count: number, ...opcode: (string | number | Uint8Array)[]) => {
  const one = bytes(...opcode);
  return bytes(PROTO4, Buffer.alloc(count * one.length, one));
};

const KINDS: Readonly<Record<string, readonly [content: Uint8Array, reason: RegExp]>> = {
  'a system call': [pickle(called('os', 'system', text('true'))), /asks for os\.system/],
  'a system call by its real module': [pickle(called('posix', 'system', text('true'))), /asks for posix\.system/],
  'a system call by GLOBAL': [
    bytes(PROTO4, 'cos\nsystem\n', text('true'), 0x85, 'R.'),
    /asks for os\.system by the opcode GLOBAL/,
  ],
  'a system call by INST': [
    bytes(PROTO4, '(', text('true'), 'ios\nsystem\n.'),
    /asks for os\.system by the opcode INST/,
  ],
  'a system call by OBJ': [bytes(PROTO4, '(', named('builtins', 'set'), 'o.'), /opcode OBJ/],
  eval: [pickle(called('builtins', 'eval', text('1'))), /asks for builtins\.eval/],
  exec: [pickle(called('builtins', 'exec', text('1'))), /asks for builtins\.exec/],
  'a process': [pickle(called('subprocess', 'Popen', text('true'))), /asks for subprocess\.Popen/],
  'a chain of getattr': [pickle(called('builtins', 'getattr', text('x'))), /asks for builtins\.getattr/],
  'a dotted name': [
    pickle(called('collections', 'OrderedDict.__class__', text('x'))),
    /asks for collections\.OrderedDict\.__class__/,
  ],
  'an attribute getter': [pickle(called('operator', 'attrgetter', text('x'))), /asks for operator\.attrgetter/],
  'an import': [pickle(called('importlib', 'import_module', text('os'))), /asks for importlib\.import_module/],
  'a pickle that loads a pickle': [pickle(called('pickle', 'loads', bytes('C', 1, '.'))), /asks for pickle\.loads/],
  'a name made of numbers': [pickle('K', 1, 'K', 2, 0x93), /a name made of 2 and 1|a name made of 1 and 2/],
  'a call of what is no name': [pickle('K', 1, ')', 'R'), /it calls 1/],
  'an extension code': [pickle(0x82, 1), /opcode EXT1/],
  'a constructor with keywords': [pickle(named('builtins', 'set'), ')', '}', 0x92), /opcode NEWOBJ_EX/],
  'a persistent id outside a tensor': [pickle(text('x'), 'Q'), /opcode BINPERSID/],
  'protocol 5': [bytes(0x80, 5, 'N.'), /protocol 5, expected 4/],
  'protocol 0': [bytes('cos\nsystem\n.'), /asks for os\.system/],
  'no pickle': [bytes('hello'), /opcode|does not begin/],
  'an empty file': [bytes(''), /cut short/],
  'a ZIP archive': [bytes('PK', 3, 4, 'rest'), /ZIP archive/],
  'a gzip bomb': [gzipSync(Buffer.alloc(2 ** 26)), /gzip/],
  'a web page': [bytes('<html>not found</html>'), /web page/],
  'an object of another class': [
    pickle(
      named('torch_utils.persistence', '_reconstruct_persistent_obj'),
      ...['}(', text('type'), text('class'), text('version'), 'K', 6, text('class_name'), text('Evil'), 'u', 0x85, 'R'],
    ),
    /class Evil/,
  ],
  'an object stored as a module': [
    pickle(
      named('torch_utils.persistence', '_reconstruct_persistent_obj'),
      ...['}(', text('type'), text('module'), text('version'), 'K', 6, 'u', 0x85, 'R'],
    ),
    /another way than version 6/,
  ],
  'a system call inside a tensor': [
    loaded(bytes(PROTO2, 'cos\nsystem\n', longText('true'), 't.')),
    /asks for os\.system/,
  ],
  'eval inside a tensor': [
    loaded(bytes(MAGIC, VERSION, SYSTEM, bytes(PROTO2, 'cbuiltins\neval\n', longText('1'), '.'))),
    /asks for builtins\.eval/,
  ],
  'a call inside a tensor': [
    loaded(bytes(MAGIC, VERSION, SYSTEM, PROTO2, 'ctorch\nFloatStorage\n', ')', 'R.')),
    /opcode REDUCE/,
  ],
  'a tensor of another format': [loaded(bytes(PROTO2, 'K', 1, '.')), /do not begin like a file of torch/],
  'a tensor with fewer values than announced': [
    loaded(torchFile('FloatStorage', bytes('K', 4), 4n, 8)),
    /8 bytes of values, expected 16/,
  ],
  'a tensor with two counts': [
    loaded(torchFile('FloatStorage', bytes('K', 4), 5n, 16)),
    /hold 5 values and announce 4/,
  ],
  'a tensor of a negative count': [
    loaded(torchFile('FloatStorage', bytes('J', 0xff, 0xff, 0xff, 0xff), -1n & 0xffff_ffff_ffff_ffffn, 0)),
    /announce -1/,
  ],
  'a tensor of an astronomic count': [
    loaded(torchFile('FloatStorage', bytes(0x8a, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1), 0n, 0)),
    /announce 18446744073709551616/,
  ],
  'a tensor of a strange type': [
    loaded(torchFile('ComplexFloatStorage', bytes('K', 1), 1n, 8)),
    /asks for torch\.ComplexFloatStorage/,
  ],
  'bytes beyond the end': [pickle('B', uint32(0xffff_ffff)), /cut short/],
  'more bytes than any file has': [pickle(0x8e, uint64(2n ** 63n)), /announces 9223372036854775808 bytes/],
  'a text of gigabytes': [pickle('X', uint32(0x7fff_ffff)), /longer than/],
  'a frame beyond the end': [pickle(0x95, uint64(2n ** 40n)), /leads past the end/],
  'a value that was never kept': [pickle('h', 7), /recalls value 7/],
  'an item for a tuple': [pickle(')', 'N', 'a'), /appends to a tuple/],
  'an item for a number': [pickle('K', 1, 'N', 'N', 's'), /sets items of 1/],
  'a key without a value': [pickle('}', '(', 'N', 'u'), /key without a value/],
  'a key that changes': [pickle('}', ']', 'N', 's'), /a list cannot be a key/],
  'a state for a name': [pickle(named('builtins', 'set'), 'N', 'b'), /sets the state of the name builtins\.set/],
  'a tuple without a mark': [pickle('N', 't'), /finds no mark/],
  'a tuple of nothing': [pickle(0x87), /finds no value/],
  'values left over': [pickle('N', 'N'), /values left over/],
  'a second pickle': [bytes(pickle('}'), pickle(called('os', 'system', text('true')))), /bytes follow its end/],
  'no network': [pickle('}'), /ema is nothing, expected a module/],
  'a list that holds itself': [pickle(']', 0x94, 'h', 0, 'a'), /it holds a list/],
  'a dictionary that holds itself as the network': [
    pickle('}', 0x94, text('ema'), 'h', 0, 's'),
    /ema is a dict, expected a module/,
  ],
  'three million marks': [repeated(3_000_000, '('), /values are stacked/],
  'three million dictionaries': [repeated(3_000_000, '}'), /more than 1000000 objects/],
  'seven million kept values': [bytes(PROTO4, 'N', Buffer.alloc(7_000_000, 0x94)), /opcodes/],
  'texts without end': [
    repeated(20, 'X', uint32(7 * 2 ** 20), Buffer.alloc(7 * 2 ** 20, 'x')),
    /texts are longer than/,
  ],
  'references that double': [
    pickle('}', ...Array.from({ length: 60 }, (_, i) => bytes(0x94, '}(', 'K', 1, 'h', i, 'K', 2, 'h', i, 'u'))),
    /values left over/,
  ],
};

test('every kind of hostile file is refused with its reason', async (t) => {
  for (const [kind, [content, reason]] of Object.entries(KINDS))
    await t.test(kind, async () => {
      await assert.rejects(checkpointOf(content), (error) => {
        assert.ok(error instanceof CheckpointProblem, String(error));
        assert.match(error.message, reason);
        return true;
      });
      assert.ok(process.memoryUsage.rss() < MAX_BYTES, `${process.memoryUsage.rss()} bytes`);
    });
});

test('a valid file truncated anywhere is refused', async () => {
  const good = await fixtureBytes('small-ramp');
  for (let i = 1; i <= 40; i++) {
    const cut = good.subarray(0, Math.floor((good.length * i) / 41));
    await assert.rejects(checkpointOf(cut), CheckpointProblem, `${cut.length} bytes`);
  }
});

/** The fixture with one byte of what follows a text changed. */
async function changed(after: string, from: Uint8Array, to: Uint8Array): Promise<Buffer> {
  const good = await fixtureBytes('small-ramp');
  const at = good.indexOf(bytes(after, 0x94, from));
  assert.ok(at >= 0, `no ${after} in the fixture`);
  return Buffer.concat([
    good.subarray(0, at + after.length + 1),
    to,
    good.subarray(at + after.length + 1 + from.length),
  ]);
}

const WRONG_SETTINGS: Readonly<
  Record<string, readonly [after: string, from: Uint8Array, to: Uint8Array, reason: RegExp]>
> = {
  'attention heads': ['num_heads', bytes('K', 0), bytes('K', 1), /num_heads is set/],
  'dropped features': ['dropout', bytes('K', 0), bytes('K', 1), /dropout is set|num_heads/],
  'another number of groups': ['num_groups', bytes('K', 3), bytes('K', 5), /5 groups for 12 channels/],
  'refined levels': ['refiner_repeatn', bytes('K', 0), bytes('K', 2), /refiner_repeatn is set/],
  'another number of candidates': [
    '\x8c\x01k',
    bytes('K', 4),
    bytes('K', 5),
    /\[12, 6, 1, 1\], expected \[15, 6, 1, 1\]/,
  ],
  'another side': ['size', bytes('K', 1), bytes('K', 3), /has 3 px, expected 1/],
  'no leak': ['leak_choice', bytes(0x88), bytes(0x89), /passes no leak/],
};

for (const [what, [after, from, to, reason]] of Object.entries(WRONG_SETTINGS))
  test(`a network with another architecture is refused: ${what}`, async () => {
    await assert.rejects(checkpointOf(await changed(after, from, to)), reason);
  });

/** The fixture with four bytes of a weight overwritten. */
async function withValue(
  pick: (levels: Awaited<ReturnType<typeof checkpointOf>>['levels']) => StoredFloats | undefined,
  value: number,
) {
  const good = await fixtureBytes('small-ramp');
  const tensor = pick((await checkpointOf(good)).levels);
  assert.ok(tensor);
  good.writeFloatLE(value, tensor.offset + 4 * (tensor.count - 1));
  return good;
}

test('non-finite weights are refused by name', async () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    const hostile = await withValue((levels) => levels[2]?.convolutions[1].weight, value);
    await assert.rejects(imported(hostile), new RegExp(`block_2x2_1\\.block\\.conv1\\.weight holds ${value}`));
  }
});

test('weights beyond half precision are stored in full', async () => {
  const large = await withValue((levels) => levels[2]?.nodes, 1e6);
  const { folder } = await imported(large);
  const name = 'levels.2.nodes.weight';
  const read = (await readTensors(`${folder}/weights.safetensors`, [name], 'mine')).get(name);
  assert.equal(read?.data.at(-1), 1e6);
});

test('a filter other than 2×2 equal taps is refused', async () => {
  const good = await fixtureBytes('small-ramp');
  const taps = Buffer.alloc(16);
  for (let i = 0; i < 4; i++) taps.writeFloatLE(0.25, 4 * i);
  const at = good.indexOf(taps);
  assert.ok(at > 0);
  good.writeFloatLE(0.5, at);
  await assert.rejects(checkpointOf(good), /enlarges by another filter/);
});
