/** torch's older file format (before zip archives) of one storage: five pickles, a count, and the raw values. */
import type { ByteSource } from './byte-source.ts';
import { type Dialect, unpickle } from './machine.ts';
import { CheckpointProblem } from './problem.ts';
import { type ByteRange, GlobalName, kindOf, PersistentId, PickleList, type PickleValue, Storage } from './values.ts';

/** Bytes per value. */
const WIDTHS: Readonly<Record<string, number>> = {
  FloatStorage: 4,
  HalfStorage: 2,
  DoubleStorage: 8,
  LongStorage: 8,
  IntStorage: 4,
  ShortStorage: 2,
  CharStorage: 1,
  ByteStorage: 1,
  BoolStorage: 1,
};

const MAGIC = 0x1950a86a20f9469cfc6cn;
const VERSION = 1001;

const DIALECT: Dialect = {
  protocol: 2,
  opcodes: new Set(
    (
      'APPEND BINPERSID BINPUT BININT BININT1 BININT2 BINUNICODE EMPTY_DICT EMPTY_LIST EMPTY_TUPLE GLOBAL LONG1 MARK ' +
      'NEWTRUE NONE PROTO SETITEM SETITEMS STOP TUPLE'
    ).split(' '),
  ),
  globals: new Set(Object.keys(WIDTHS).map((kind) => `torch.${kind}`)),
};

/** @param bytes the argument of `torch.storage._load_from_bytes`. @throws {CheckpointProblem} */
export function readStorage(source: ByteSource, { offset, length }: ByteRange): Storage {
  const inner = source.part(offset, offset + length);
  const refuse = (problem: string) => new CheckpointProblem(`a tensor's bytes ${problem}`, inner.position);
  if (unpickle(inner, DIALECT) !== MAGIC) throw refuse('do not begin like a file of torch');
  if (unpickle(inner, DIALECT) !== VERSION) throw refuse(`are not of torch's format ${VERSION}`);
  const system = unpickle(inner, DIALECT);
  if (!(system instanceof Map) || system.get('little_endian') !== true) throw refuse('are not little-endian');
  const { kind, key, count } = describedStorage(unpickle(inner, DIALECT), refuse);
  const keys = unpickle(inner, DIALECT);
  if (!(keys instanceof PickleList) || keys.items.length !== 1 || keys.items[0] !== key)
    throw refuse('hold something else than one storage');
  const stored = inner.bytes(8).readBigInt64LE();
  if (stored !== BigInt(count)) throw refuse(`hold ${stored} values and announce ${count}`);
  const width = WIDTHS[kind] as number;
  if (inner.left !== count * width) throw refuse(`have ${inner.left} bytes of values, expected ${count * width}`);
  return new Storage(kind, inner.position, count);
}

/** Parses the persistent id ("storage", torch.FloatStorage, key, location, count, None); the location is ignored. */
function describedStorage(value: PickleValue, refuse: (problem: string) => CheckpointProblem) {
  const id = value instanceof PersistentId ? value.id : null;
  if (!Array.isArray(id)) throw refuse(`hold ${kindOf(value)}, expected a storage`);
  const [tag, kind, key, , count, view] = id as readonly PickleValue[];
  if (tag !== 'storage' || !(kind instanceof GlobalName) || typeof key !== 'string' || (view ?? null) !== null)
    throw refuse('hold something else than one storage');
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0)
    throw refuse(`announce ${kindOf(count)} values`);
  return { kind: kind.name, key, count };
}
