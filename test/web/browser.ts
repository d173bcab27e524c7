/** A real browser and a real server, for the tests of the page. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, before } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import { commandLine } from '../programs.ts';

const CHROMIUM = process.env.KANDID_CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const BAD = ['serious', 'critical'];
/** Folder of screenshots. */
export const SCREENSHOTS = join('out', 'web');

/** Options of every test: skipped with a reason without a browser, unless one is required (KANDID_TEST_BROWSER=required). */
export function needsBrowser(): { skip: string | false; timeout: number } {
  const isRequired = process.env.KANDID_TEST_BROWSER === 'required';
  const skip =
    existsSync(CHROMIUM) || isRequired
      ? false
      : `no browser at ${CHROMIUM}: install chromium, or name one in KANDID_CHROMIUM`;
  return { skip, timeout: 600_000 };
}

export interface RunningServer {
  readonly url: string;
  /** Sides of the levels of its default model. */
  readonly sides: readonly number[];
  /** Kills it, like a crash. */
  kill(): Promise<void>;
  /** Restarts it at the same address. */
  start(): Promise<void>;
}

/** The default model of tests: small, so that they are fast. */
const QUICK = 'avatars-64';

/**
 * `kandid serve` with the built page, running during the tests of the calling file. `url` and `sides` are available inside
 * tests. Closed after the last one.
 */
export function serverForTests(...flags: string[]): RunningServer {
  let child: ChildProcess | null = null;
  const server = {
    url: '',
    sides: [] as number[],
    async kill() {
      const ending = child;
      child = null;
      if (!ending || ending.exitCode !== null) return;
      const ended = new Promise((resolve) => ending.once('exit', resolve));
      ending.kill('SIGKILL');
      await ended;
    },
    async start() {
      const { port } = new URL(server.url);
      const args = commandLine('serve', '--port', port, '--log-level', 'error', '--model', QUICK, ...flags);
      child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
      await listening(child);
    },
  };
  before(async () => {
    if (needsBrowser().skip) return;
    spawnSync(process.execPath, ['scripts/page.mjs'], { stdio: 'inherit' });
    server.url = `http://127.0.0.1:${await freePort()}`;
    await server.start();
    server.sides = await sidesOf(server.url);
  });
  after(async () => {
    await server.kill();
  });
  return server;
}

async function sidesOf(url: string): Promise<number[]> {
  const { models } = (await (await fetch(`${url}/v1/models`)).json()) as { models: Model[] };
  return (models.find(({ isDefault }) => isDefault)?.levels ?? []).map(({ side }) => side);
}

interface Model {
  readonly isDefault: boolean;
  readonly levels: readonly { readonly side: number }[];
}

/** Resolves with the address when the server listens. */
function listening(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk;
      if (said.includes('listens on')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${said}`)));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

export interface Visit {
  readonly page: Page;
  /** Errors and warnings of the page. */
  readonly problems: readonly string[];
  close(): Promise<void>;
}

export interface VisitOptions {
  readonly width?: number;
  readonly theme?: 'light' | 'dark';
  /** Stays open for the next tests. @default closed after the test */
  readonly stays?: boolean;
}

/** One per test file: each start costs more than most tests. */
let browser: Promise<Browser> | undefined;
/** Closed after each test: open pages keep drawing, and slow down the tests that follow. */
const passing = new Set<Visit>();
afterEach(async () => {
  for (const one of passing) await one.close();
});
after(async () => {
  await (await browser)?.close();
});

/** Opens an address in a new browser context. */
export async function visit(
  url: string,
  { width = 1280, theme = 'light', stays = false }: VisitOptions = {},
): Promise<Visit> {
  browser ??= chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS });
  const context = await (await browser).newContext({ colorScheme: theme, viewport: { width, height: 800 } });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(error.message));
  const made: Visit = {
    page,
    problems,
    async close() {
      passing.delete(made);
      await context.close();
    },
  };
  if (!stays) passing.add(made);
  await page.goto(url);
  await page.getByRole('navigation', { name: 'Views' }).waitFor();
  return made;
}

export async function screenshot(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}

// biome-ignore format: one line
interface Finding { readonly id: string; readonly impact: string; readonly help: string; readonly nodes: readonly { readonly html: string }[] }

/** Serious and critical accessibility violations, by axe-core. */
export async function findings(page: Page): Promise<string[]> {
  await page.evaluate(readFileSync(AXE, 'utf8'));
  const { violations } = (await page.evaluate('axe.run()')) as { violations: Finding[] };
  return violations
    .filter(({ impact }) => BAD.includes(impact))
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' ')}`);
}

/** Polls the page: its content security policy prevents the evaluation that Playwright's own waiting uses. */
export async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + 10_000;
  while (!(await holds())) if (performance.now() > end) throw new Error(`it never came to be: ${what}`);
}
