/** Reads the import lines and holds the tree to its layout. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { test } from 'node:test';

const LONGEST_FILE = 400;

/** What commands are made of. */
const LIBRARY = [
  'src/index.ts',
  'src/datasets',
  'src/engine',
  'src/runtime',
  'src/core',
  'src/errors.ts',
  'src/guide.ts',
];

/** Who may import whom (and itself): rooms, or single files of one. A file in no room of this list fails the test: give it a room. */
const ROOMS: Record<string, readonly string[]> = {
  'src/errors.ts': [],
  'src/guide.ts': [],
  'src/core': ['src/errors.ts', 'src/guide.ts'],
  'src/runtime': ['src/core', 'src/errors.ts', 'src/guide.ts'],
  'src/config.ts': ['src/runtime', 'src/core', 'src/errors.ts'],
  'src/engine': ['src/runtime', 'src/core', 'src/errors.ts', 'src/guide.ts'],
  'src/datasets': ['src/core', 'src/errors.ts', 'src/guide.ts'],
  'src/index.ts': ['src/engine', 'src/runtime', 'src/core', 'src/errors.ts', 'src/guide.ts', 'src/config.ts'],
  'src/protocol.ts': ['src/core', 'src/engine/request.ts', 'src/errors.ts'],
  'src/worker': ['src/engine', 'src/core', 'src/errors.ts', 'src/guide.ts'],
  'src/server': [
    ...['src/worker/messages.ts', 'src/engine/codes.ts', 'src/engine/request.ts', 'src/protocol.ts', 'src/config.ts'],
    ...['src/core', 'src/errors.ts', 'src/guide.ts'],
    // Webhooks may go where guides may.
    'guides/lib/allowed-hosts.ts',
  ],
  // For browsers too: nothing of Node's.
  'src/client': ['src/protocol.ts', 'src/core/frame.ts', 'src/core/wire.ts'],
  // Pure, for Web Workers.
  'src/toy': ['src/core/random.ts'],
  'src/web': ['src/toy', 'src/client'],
  'src/tree': ['src/engine', 'src/core', 'src/errors.ts', 'src/guide.ts'],
  'src/evaluate': LIBRARY,
  'src/bench': LIBRARY,
  // It talks to a server that runs in a process of its own.
  'src/bench/server': [...LIBRARY, 'src/bench', 'src/protocol.ts'],
  // The checks that a user's guide must pass lie beside the guides.
  'src/cli': [
    ...LIBRARY,
    'src/server',
    'src/protocol.ts',
    'src/evaluate',
    'src/bench',
    'src/bench/server',
    'src/tree',
    'src/config.ts',
    'guides',
  ],
  'src/main.ts': ['src/cli', 'src/errors.ts'],
  guides: ['src/guide.ts'],
};

/** Packages that only one place may import. */
const KEEPERS: Record<string, string> = { 'onnxruntime-node': 'src/runtime/session.ts' };

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
}

/** Static, dynamic and type imports, and re-exports; paths relative to the project, packages by name. */
function importsOf(file: string): Import[] {
  const code = withoutComments(texts.get(file) ?? '');
  const statement = /^\s*(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]/gm;
  const found = [...code.matchAll(statement)].map((match) => ({
    name: match[2] as string,
    typeOnly: Boolean(match[1]),
  }));
  for (const match of code.matchAll(/(typeof\s+)?\bimport\(\s*['"]([^'"]+)['"]\s*\)/g))
    found.push({ name: match[2] as string, typeOnly: Boolean(match[1]) });
  return found.map(({ name, typeOnly }) => ({
    from: file,
    to: name.startsWith('.') ? normalize(join(dirname(file), name)) : name,
    typeOnly,
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

test('there is something to read', () => {
  assert.ok(files.length > 20 && imports.length > 40);
  assert.ok(imports.some(({ from, to }) => from === 'src/core/image.ts' && to === 'src/errors.ts'));
});

test('every file has a room, and rooms import one way only', () => {
  const wrong: string[] = [];
  for (const file of files) if (!roomOf(file)) wrong.push(`${file} is in no room`);
  for (const { from, to } of imports.filter((line) => isOwn(line.to))) {
    const [room, other] = [roomOf(from), roomOf(to)];
    if (!texts.has(to)) wrong.push(`${from} imports ${to}, which does not exist`);
    else if (room && other !== room && !mayImport(room, to, other)) wrong.push(`${from} imports ${to}`);
  }
  assert.deepEqual(wrong, []);
});

test('relative imports end in .ts or .tsx and stay inside', () => {
  const wrong = imports.filter(({ from, to }) => {
    const written = relative(dirname(from), to);
    return (isOwn(to) || to.startsWith('..')) && !/\.tsx?$/.test(written);
  });
  assert.deepEqual(wrong, []);
});

test('each package with a keeper is imported by it alone', () => {
  const wrong = imports.filter(({ from, to }) => to in KEEPERS && KEEPERS[to] !== from);
  assert.deepEqual(wrong, []);
});

test('guides of the project import packages that it depends on', () => {
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  const known = (name: string) =>
    name.startsWith('node:') || Object.keys(dependencies).some((own) => name === own || name.startsWith(`${own}/`));
  // The page is bundled: what it is made of is needed to build it only.
  const others = imports.filter(({ from, to }) => !from.startsWith('src/web/') && !isOwn(to) && !to.startsWith('..'));
  const wrong = others.filter(({ to }) => !known(to));
  assert.deepEqual(wrong, []);
});

test('no import cycles, types aside', () => {
  const next = new Map<string, string[]>();
  for (const { from, to, typeOnly } of imports)
    if (isOwn(to) && !typeOnly) next.set(from, [...(next.get(from) ?? []), to]);
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

test('no compiler or lint suppressions, no any, nothing left to do', () => {
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
