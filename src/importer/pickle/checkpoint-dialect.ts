/** The names that a published checkpoint may refer to: any other is refused. */
import type { Dialect } from './machine.ts';
import { CheckpointProblem } from './problem.ts';
import { readStorage } from './storage.ts';
import { ByteRange, kindOf, type PickleValue } from './values.ts';

const NAMES: Readonly<Record<string, string>> = {
  'torch_utils.persistence': '_reconstruct_persistent_obj',
  'torch._utils': '_rebuild_parameter _rebuild_tensor_v2',
  'torch.storage': '_load_from_bytes',
  collections: 'OrderedDict',
  builtins: 'range set',
  numpy: 'ndarray dtype',
  'numpy.core.multiarray': '_reconstruct scalar',
  'numpy._core.multiarray': '_reconstruct scalar',
  random: 'Random',
  'sddn.discrete_distribution':
    'Conv2dMixedPrecision DiscreteDistributionOutput DivergeShapingManager SplitableDiscreteDistribution',
  'training.networks': 'ConditionProcess ClassEmbeding',
  'dnnlib.util': 'EasyDict',
};

/** Classes stored as source code; the code is only read as text. */
const PERSISTENT: ReadonlySet<string> = new Set([
  'DDNPrecond',
  'PHDDNHandsDense',
  'DiscreteDistributionBlock',
  'UNetBlockWoEmb',
  'Conv2d',
  'GroupNorm',
  'DDNLoss',
]);
const PERSISTENCE_VERSION = 6;

export const CHECKPOINT_DIALECT: Dialect = {
  protocol: 4,
  opcodes: new Set(
    (
      'APPEND APPENDS BINBYTES BINBYTES8 BINFLOAT BINGET BININT BININT1 BININT2 BINUNICODE BUILD EMPTY_DICT EMPTY_LIST ' +
      'EMPTY_SET EMPTY_TUPLE FRAME LONG1 LONG_BINGET MARK MEMOIZE NEWFALSE NEWOBJ NEWTRUE NONE PROTO REDUCE SETITEM ' +
      'SETITEMS SHORT_BINBYTES SHORT_BINUNICODE STACK_GLOBAL STOP TUPLE TUPLE1 TUPLE2 TUPLE3'
    ).split(' '),
  ),
  globals: new Set(
    Object.entries(NAMES).flatMap(([module, names]) => names.split(' ').map((name) => `${module}.${name}`)),
  ),
  call: (callee, args, source) => {
    if (callee.path === 'collections.OrderedDict' && args.length === 0) return new Map();
    if (callee.path === 'torch_utils.persistence._reconstruct_persistent_obj') checkPersistent(args, source.position);
    if (callee.path !== 'torch.storage._load_from_bytes') return undefined;
    const [bytes] = args;
    if (!(bytes instanceof ByteRange))
      throw new CheckpointProblem(`it loads a tensor from ${kindOf(bytes)}`, source.position);
    return readStorage(source, bytes);
  },
};

function checkPersistent([meta]: readonly PickleValue[], position: number): void {
  if (!(meta instanceof Map) || meta.get('type') !== 'class' || meta.get('version') !== PERSISTENCE_VERSION)
    throw new CheckpointProblem(`it has an object stored in another way than version ${PERSISTENCE_VERSION}`, position);
  const name = meta.get('class_name');
  if (typeof name !== 'string' || !PERSISTENT.has(name))
    throw new CheckpointProblem(
      `it has an object of the class ${typeof name === 'string' ? name.slice(0, 200) : kindOf(name)}, which no checkpoint needs`,
      position,
    );
}
