/** The messages of onnx.proto3 that a graph needs, by their field numbers. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

export type DataType = 'float32' | 'float16' | 'int64';

const DATA_TYPES: Readonly<Record<DataType, number>> = { float32: 1, int64: 7, float16: 10 };
const OPSET = 21;
const IR_VERSION = 10;
/** Of TensorProto.data_location. */
const EXTERNAL = 1;

/** Where a tensor lies in a file beside the graph. */
export interface ExternalData {
  readonly file: string;
  /** In bytes. */
  readonly offset: number;
  readonly length: number;
}

export interface Initializer {
  readonly name: string;
  readonly type: DataType;
  readonly dims: readonly number[];
  /** Its bytes in little-endian order, or where they lie. */
  readonly data: Uint8Array | ExternalData;
}

export type Attribute = number | string | readonly number[] | { readonly float: number };

export interface OperatorNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** An input or output; a text is the name of a free size. */
export interface Port {
  readonly name: string;
  readonly type: DataType;
  readonly dims: readonly (number | string)[];
}

export interface GraphParts {
  readonly name: string;
  readonly nodes: readonly OperatorNode[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/** The bytes of a .onnx file. */
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
  for (const node of nodes) message(writer, 1, (inner) => writeNode(inner, node));
  text(writer, 2, name);
  for (const one of initializers) message(writer, 5, (inner) => writeTensor(inner, one));
  for (const port of inputs) message(writer, 11, (inner) => writePort(inner, port));
  for (const port of outputs) message(writer, 12, (inner) => writePort(inner, port));
}

function writeNode(writer: BinaryWriter, { operator, inputs, outputs, attributes }: OperatorNode): void {
  for (const input of inputs) text(writer, 1, input);
  for (const output of outputs) text(writer, 2, output);
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
