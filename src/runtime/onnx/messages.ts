/**
 * The messages of onnx.proto3 that a graph needs, by field number: written, and read as far as assembling graphs
 * requires.
 */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type {
  Attribute,
  DataType,
  GraphParts,
  Initializer,
  OperatorNode,
  Port,
  Stored,
  StoredGraph,
  StoredNode,
  StoredPort,
  StoredTensor,
} from './graph-parts.ts';

export const DATA_TYPES: Readonly<Record<DataType, number>> = { float32: 1, int64: 7, float16: 10 };
/** Version of the operator set. */
export const OPSET = 21;
const IR_VERSION = 10;
/** A value of TensorProto.data_location. */
const EXTERNAL = 1;

/** Encodes a graph as a .onnx file. */
export function encodeModel(graph: GraphParts): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int64(IR_VERSION);
  text(writer, 2, 'kandid');
  message(writer, 7, (inner) => writeGraph(inner, graph));
  message(writer, 8, (inner) => {
    text(inner, 1, '');
    inner.tag(2, WireType.Varint).int64(OPSET);
  });
  return writer.finish();
}

function message(writer: BinaryWriter, field: number, write: (inner: BinaryWriter) => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write(writer);
  writer.join();
}

function text(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, WireType.LengthDelimited).string(value);
}

function writeGraph(writer: BinaryWriter, { name, nodes, initializers, inputs, outputs }: GraphParts): void {
  for (const node of nodes) part(writer, 1, node, writeNode);
  text(writer, 2, name);
  for (const one of initializers) part(writer, 5, one, writeTensor);
  for (const port of inputs) part(writer, 11, port, writePort);
  for (const port of outputs) part(writer, 12, port, writePort);
}

function part<T extends object>(
  writer: BinaryWriter,
  field: number,
  one: T | Stored,
  write: (inner: BinaryWriter, one: T) => void,
): void {
  if ('bytes' in one) writer.tag(field, WireType.LengthDelimited).bytes(one.bytes);
  else message(writer, field, (inner) => write(inner, one));
}

/** Fields of NodeProto. */
const INPUT = 1;
const OUTPUT = 2;

function writeNode(writer: BinaryWriter, { operator, inputs, outputs, attributes }: OperatorNode): void {
  for (const input of inputs) text(writer, INPUT, input);
  for (const output of outputs) text(writer, OUTPUT, output);
  text(writer, 4, operator);
  for (const [name, value] of Object.entries(attributes))
    message(writer, 5, (inner) => writeAttribute(inner, name, value));
}

/** Types of AttributeProto. */
const FLOAT = 1;
const INTEGER = 2;
const STRING = 3;
const INTEGERS = 7;

function writeAttribute(writer: BinaryWriter, name: string, value: Attribute): void {
  text(writer, 1, name);
  const type = (number: number) => writer.tag(20, WireType.Varint).int32(number);
  if (typeof value === 'number') {
    writer.tag(3, WireType.Varint).int64(value);
    type(INTEGER);
  } else if (typeof value === 'string') {
    text(writer, 4, value);
    type(STRING);
  } else if ('float' in value) {
    writer.tag(2, WireType.Bit32).float(value.float);
    type(FLOAT);
  } else {
    for (const one of value) writer.tag(8, WireType.Varint).int64(one);
    type(INTEGERS);
  }
}

function writeTensor(writer: BinaryWriter, { name, type, dims, data }: Initializer): void {
  for (const dim of dims) writer.tag(1, WireType.Varint).int64(dim);
  writer.tag(2, WireType.Varint).int32(DATA_TYPES[type]);
  text(writer, 8, name);
  if (data instanceof Uint8Array) {
    writer.tag(9, WireType.LengthDelimited).bytes(data);
    return;
  }
  const entries = { location: data.file, offset: String(data.offset), length: String(data.length) };
  for (const [key, value] of Object.entries(entries))
    message(writer, 13, (inner) => {
      text(inner, 1, key);
      text(inner, 2, value);
    });
  writer.tag(14, WireType.Varint).int32(EXTERNAL);
}

function writePort(writer: BinaryWriter, { name, type, dims }: Port): void {
  text(writer, 1, name);
  const writeDim = (dim: number | string) => (inner: BinaryWriter) =>
    typeof dim === 'string' ? text(inner, 2, dim) : inner.tag(1, WireType.Varint).int64(dim);
  message(writer, 2, (typeMessage) =>
    message(typeMessage, 1, (tensor) => {
      tensor.tag(1, WireType.Varint).int32(DATA_TYPES[type]);
      message(tensor, 2, (shape) => {
        for (const dim of dims) message(shape, 1, writeDim(dim));
      });
    }),
  );
}

/**
 * Reads a .onnx file: names of nodes, tensors and ports, and their bytes.
 *
 * @throws {Error} if it is not a valid message
 */
export function decodeModel(bytes: Uint8Array): StoredGraph {
  const nodes: StoredNode[] = [];
  const initializers: StoredTensor[] = [];
  const inputs: StoredPort[] = [];
  const outputs: StoredPort[] = [];
  let name = '';
  let opset = 0;
  const inGraph: Fields = {
    1: (reader) => void nodes.push(readNode(reader.bytes())),
    2: (reader) => {
      name = reader.string();
    },
    5: (reader) => void initializers.push(readTensor(reader.bytes())),
    11: (reader) => void inputs.push(readPort(reader.bytes())),
    12: (reader) => void outputs.push(readPort(reader.bytes())),
  };
  const inOpset: Fields = {
    2: (reader) => {
      opset = Number(reader.int64());
    },
  };
  read(bytes, { 7: (reader) => read(reader.bytes(), inGraph), 8: (reader) => read(reader.bytes(), inOpset) });
  return { name, opset, nodes, initializers, inputs, outputs };
}

/** Of ModelProto. */
const GRAPH = 7;
/** Of GraphProto. */
const NODE = 1;
const VALUE_INFO = 13;

/**
 * The same .onnx file with other nodes. Types and sizes of inner values are left out, since other nodes may have changed
 * them: ONNX Runtime infers them.
 *
 * @param nodes in topological order
 * @throws {Error} if the file is not a valid message
 */
export function withNodes(model: Uint8Array, nodes: readonly (OperatorNode | StoredNode)[]): Uint8Array {
  let graph: Uint8Array = new Uint8Array();
  read(model, {
    [GRAPH]: (reader) => {
      graph = reader.bytes();
    },
  });
  const changed = without(graph, [NODE, VALUE_INFO]);
  for (const node of nodes) part(changed, NODE, node, writeNode);
  return without(model, [GRAPH]).tag(GRAPH, WireType.LengthDelimited).bytes(changed.finish()).finish();
}

type Fields = Readonly<Record<number, (reader: BinaryReader, type: WireType) => void>>;

/** Skips fields that are not requested. */
function read(bytes: Uint8Array, fields: Fields): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    const take = fields[field];
    if (take) take(reader, type);
    else reader.skip(type, field);
  }
}

function readNode(bytes: Uint8Array): StoredNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  let operator = '';
  read(bytes, {
    1: (reader) => void inputs.push(reader.string()),
    2: (reader) => void outputs.push(reader.string()),
    4: (reader) => {
      operator = reader.string();
    },
  });
  return { operator, inputs, outputs, bytes };
}

/** The same node with other output names. */
export function withOutputs(node: StoredNode, outputs: readonly string[]): StoredNode {
  return { ...node, outputs, bytes: withTexts(node.bytes, OUTPUT, outputs) };
}

/** The same node with other input names. */
export function withInputs(node: StoredNode, inputs: readonly string[]): StoredNode {
  return { ...node, inputs, bytes: withTexts(node.bytes, INPUT, inputs) };
}

function withTexts(bytes: Uint8Array, replaced: number, texts: readonly string[]): Uint8Array {
  const writer = without(bytes, [replaced]);
  for (const one of texts) text(writer, replaced, one);
  return writer.finish();
}

/** A writer that has all fields of a message except these. */
function without(bytes: Uint8Array, fields: readonly number[]): BinaryWriter {
  const writer = new BinaryWriter();
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const from = reader.pos;
    const [field, type] = reader.tag();
    reader.skip(type, field);
    if (!fields.includes(field)) writer.raw(bytes.subarray(from, reader.pos));
  }
  return writer;
}

/** An attribute of a node that is an integer; null if it has none of this name. */
export function integerAttribute(node: StoredNode, wanted: string): number | null {
  let found: number | null = null;
  const readAttribute = (bytes: Uint8Array) => {
    let [name, value] = ['', 0];
    read(bytes, {
      1: (reader) => {
        name = reader.string();
      },
      3: (reader) => {
        value = Number(reader.int64());
      },
    });
    if (name === wanted) found = value;
  };
  read(node.bytes, { 5: (reader) => readAttribute(reader.bytes()) });
  return found;
}

function readTensor(bytes: Uint8Array): StoredTensor {
  const dims: number[] = [];
  let name = '';
  let type: DataType | null = null;
  read(bytes, {
    1: (reader, wire) => {
      // Packed, or one by one.
      const end = wire === WireType.LengthDelimited ? reader.uint32() + reader.pos : reader.pos + 1;
      while (reader.pos < end) dims.push(Number(reader.int64()));
    },
    2: (reader) => {
      type = dataTypeOf(reader.int32());
    },
    8: (reader) => {
      name = reader.string();
    },
  });
  return { name, type, dims, bytes };
}

function dataTypeOf(number: number): DataType | null {
  return (Object.keys(DATA_TYPES) as DataType[]).find((type) => DATA_TYPES[type] === number) ?? null;
}

function readPort(bytes: Uint8Array): StoredPort {
  let name = '';
  read(bytes, {
    1: (reader) => {
      name = reader.string();
    },
  });
  return { name, bytes };
}
