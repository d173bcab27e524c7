/** Reads the import lines and holds the tree to its layout. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { test } from 'node:test';

const LONGEST_FILE = 400;
const MAX_FILES = 20;

/** What every room may use. */
const GROUND = ['src/errors.ts', 'src/guide.ts', 'src/kit'];

/** From the ground up: each of its rooms may use those before it. */
const ENGINE = [
  'src/engine/network',
  'src/engine/guides',
  'src/engine/search',
  'src/engine/input',
  'src/engine',
  'src/engine/tasks',
];

const engineRooms = Object.fromEntries(
  ENGINE.map((room, index) => [
    room,
    [...ENGINE.slice(0, index), 'src/contract', 'src/runtime', 'src/pictures', ...GROUND],
  ]),
);

/** What commands are made of. */
const LIBRARY = ['src/index.ts', ...ENGINE, 'src/contract', 'src/runtime', 'src/pictures', ...GROUND];

/** Who may import whom (and itself): rooms, or single files of one. A file in no room of this list fails the test: give it a room. */
const ROOMS: Record<string, readonly string[]> = {
  'src/errors.ts': [],
  'src/guide.ts': [],
  'src/kit': ['src/errors.ts', 'src/guide.ts'],
  'src/contract': GROUND,
  'src/pictures': GROUND,
  'src/runtime': ['src/pictures', ...GROUND],
  'src/importer': ['src/runtime', ...GROUND],
  'src/hub': ['src/runtime', 'src/importer', ...GROUND],
  'src/config.ts': ['src/contract', 'src/runtime', 'src/pictures', ...GROUND],
  'src/optional-packages.ts': ['src/config.ts', ...GROUND],
  ...engineRooms,
  'src/index.ts': [...ENGINE, 'src/contract', 'src/runtime', 'src/pictures', 'src/config.ts', ...GROUND],
  'src/worker': [...ENGINE, 'src/contract', 'src/pictures', ...GROUND],
  'src/server': [
    'src/worker/messages.ts',
    'src/contract',
    'src/config.ts',
    'src/optional-packages.ts',
    'src/pictures',
    ...GROUND,
  ],
  // For browsers too: nothing of Node's.
  'src/client': [
    'src/contract/answers.ts',
    'src/contract/stream.ts',
    'src/contract/frames.ts',
    'src/contract/version.ts',
  ],
  'src/web': ['src/lab/toy', 'src/client', 'src/kit/luma.ts', 'src/kit/lexicon.ts'],
  'src/lab/datasets': ['src/pictures', 'src/config.ts', 'src/optional-packages.ts', ...GROUND],
  // Pure, for Web Workers.
  'src/lab/toy': ['src/kit/random.ts'],
  'src/lab/tree': [...ENGINE, 'src/contract', 'src/pictures', ...GROUND],
  'src/lab/evaluate': [...LIBRARY, 'src/lab/datasets'],
  'src/lab/bench': LIBRARY,
  // It talks to a server that runs in a process of its own.
  'src/lab/bench/server': [...LIBRARY, 'src/lab/bench', 'src/lab/datasets'],
  'src/lab/bench/cluster': [...LIBRARY, 'src/lab/bench', 'src/lab/bench/server'],
  // The checks that a user's guide must pass lie beside the guides.
  'src/cli': [
    ...LIBRARY,
    'src/importer',
    'src/hub',
    'src/server',
    'src/lab/datasets',
    'src/lab/evaluate',
    'src/lab/bench',
    'src/lab/bench/server',
    'src/lab/bench/cluster',
    'src/lab/tree',
    'src/config.ts',
    'guides',
  ],
  'src/main.ts': ['src/cli', 'src/errors.ts'],
  guides: ['src/guide.ts', 'src/kit'],
};

/** Packages that only one place may import. */
const KEEPERS: Record<string, string> = {
  'onnxruntime-node': 'src/runtime/session.ts',
  '@bufbuild/protobuf/wire': 'src/runtime/onnx/messages.ts',
  undici: 'src/hub/connection.ts',
  bullmq: 'src/server/cluster/packages.ts',
  ioredis: 'src/server/cluster/packages.ts',
};

const files = ['src', 'guides'].flatMap((root) =>
  readdirSync(root, { recursive: true })
    .map((name) => join(root, String(name)))
    .filter((name) => /\.tsx?$/.test(name))
    .sort(),
);
const texts = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]));

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
  /** `import(…)`, when it is needed. */
  readonly dynamic: boolean;
}

/** Static, dynamic and type imports, and re-exports; paths relative to the project, packages by name. */
function importsOf(file: string): Import[] {
  const code = withoutComments(texts.get(file) ?? '');
  const statement = /^\s*(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]/gm;
  const found = [...code.matchAll(statement)].map((match) => ({
    name: match[2] as string,
    typeOnly: Boolean(match[1]),
    dynamic: false,
  }));
  for (const match of code.matchAll(/(typeof\s+)?\bimport\(\s*['"]([^'"]+)['"]\s*\)/g))
    found.push({ name: match[2] as string, typeOnly: Boolean(match[1]), dynamic: true });
  return found.map(({ name, typeOnly, dynamic }) => ({
    from: file,
    to: name.startsWith('.') ? normalize(join(dirname(file), name)) : name,
    typeOnly,
    dynamic,
  }));
}

function withoutComments(code: string): string {
  return code.replace(/\/\*.*?\*\//gs, '').replace(/(^|\s)\/\/.*$/gm, '');
}

const isOwn = (path: string) => /^(src|guides)\//.test(path) && !path.endsWith('.css');
const roomOf = (file: string) =>
  Object.keys(ROOMS)
    .filter((room) => file === room || file.startsWith(`${room}/`))
    .sort((a, b) => b.length - a.length)[0];
const mayImport = (room: string, file: string, other: string | undefined) =>
  ROOMS[room]?.some((allowed) => allowed === other || allowed === file) ?? false;
const imports = files.flatMap(importsOf);

test('source files and imports are found', () => {
  assert.ok(files.length > 20 && imports.length > 40);
  assert.ok(imports.some(({ from, to }) => from === 'src/pictures/codec.ts' && to === 'src/errors.ts'));
});

test('every file is in a room, and rooms import in one direction only', () => {
  const wrong: string[] = [];
  for (const file of files) if (!roomOf(file)) wrong.push(`${file} is in no room`);
  for (const { from, to } of imports.filter((line) => isOwn(line.to))) {
    const [room, other] = [roomOf(from), roomOf(to)];
    if (!texts.has(to)) wrong.push(`${from} imports ${to}, which does not exist`);
    else if (room && other !== room && !mayImport(room, to, other)) wrong.push(`${from} imports ${to}`);
  }
  assert.deepEqual(wrong, []);
});

test('relative imports end in .ts or .tsx and stay inside the project', () => {
  const wrong = imports.filter(({ from, to }) => {
    const written = relative(dirname(from), to);
    return (isOwn(to) || to.startsWith('..')) && !/\.tsx?$/.test(written);
  });
  assert.deepEqual(wrong, []);
});

test('packages with a keeper are imported by it alone', () => {
  const wrong = imports.filter(({ from, to }) => to in KEEPERS && KEEPERS[to] !== from);
  assert.deepEqual(wrong, []);
});

test('only dependencies are imported statically; optional packages only dynamically', () => {
  const { dependencies, peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  const known = ({ to, dynamic, typeOnly }: Import) =>
    to.startsWith('node:') ||
    Object.keys({ ...dependencies, ...((dynamic || typeOnly) && peerDependencies) }).some(
      (own) => to === own || to.startsWith(`${own}/`),
    );
  // The page is bundled: what it is made of is needed to build it only.
  const others = imports.filter(({ from, to }) => !from.startsWith('src/web/') && !isOwn(to) && !to.startsWith('..'));
  const wrong = others.filter((one) => !known(one));
  assert.deepEqual(wrong, []);
});

test('no import cycles, including type imports', () => {
  const next = new Map<string, string[]>();
  for (const { from, to } of imports) if (isOwn(to)) next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    assert.ok(!path.includes(file), `cycle: ${[...path.slice(path.indexOf(file)), file].join(' → ')}`);
    if (done.has(file)) return;
    for (const other of next.get(file) ?? []) visit(other, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
});

test('only the command line writes to the terminal', () => {
  const writes = /\bconsole\s*\.|process\s*\.\s*std(out|err)\b/;
  const wrong = files.filter(
    (file) => !file.startsWith('src/cli/') && writes.test(withoutComments(texts.get(file) ?? '')),
  );
  assert.deepEqual(wrong, []);
});

test('no compiler or lint suppressions, no any, no open tasks', () => {
  const marks = /@ts-(ignore|expect-error|nocheck)|biome-ignore(?! format)|\bTODO\b|\bFIXME\b/;
  const any = /:\s*any\s*[;,)=[|&]|\bas any\b|<any>/;
  const wrong = files.filter((file) => {
    const text = texts.get(file) ?? '';
    return marks.test(text) || any.test(withoutComments(text));
  });
  assert.deepEqual(wrong, []);
});

test(`no file is longer than ${LONGEST_FILE} lines`, () => {
  const long = files.filter((file) => (texts.get(file) ?? '').split('\n').length - 1 > LONGEST_FILE);
  assert.deepEqual(long, []);
});

test(`no folder has more than ${MAX_FILES} files`, () => {
  const counts = new Map<string, number>();
  for (const file of files) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
  assert.deepEqual(
    [...counts].filter(([, count]) => count > MAX_FILES),
    [],
  );
});

test('no spread of object literals, which would disable the check for misspelt keys', () => {
  const wrong = files.filter((file) => /\.\.\.\{/.test(withoutComments(texts.get(file) ?? '')));
  assert.deepEqual(wrong, []);
});
