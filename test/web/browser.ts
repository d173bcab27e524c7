/** A real browser on a real server: what every test of the page stands on. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

const CHROMIUM = process.env.KANDID_CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
];
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const BAD = ['serious', 'critical'];
/** Where pictures of the page land, to be looked at. */
export const SCREENSHOTS = join('out', 'web');

/** Options of every test: skipped with a reason where there is no browser, unless one is required (KANDID_BROWSER=required). */
export function needsBrowser(): { skip: string | false; timeout: number } {
  const isRequired = process.env.KANDID_BROWSER === 'required';
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
  /** Ends it unasked, as a crash would. */
  kill(): Promise<void>;
  /** Starts it again at the same address. */
  start(): Promise<void>;
}

/** `kandid serve` as people start it, with the page built. */
export async function startServer(...flags: string[]): Promise<RunningServer> {
  spawnSync(process.execPath, ['scripts/page.mjs'], { stdio: 'inherit' });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | null = null;
  const sides: number[] = [];
  const server: RunningServer = {
    ...{ url, sides },
    async kill() {
      const ending = child;
      child = null;
      if (!ending || ending.exitCode !== null) return;
      const ended = new Promise((resolve) => ending.once('exit', resolve));
      ending.kill('SIGKILL');
      await ended;
    },
    async start() {
      const args = [
        '--import',
        'tsx',
        'src/main.ts',
        'serve',
        '--port',
        String(port),
        '--log-level',
        'error',
        ...flags,
      ];
      child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
      await listening(child);
    },
  };
  await server.start();
  const { models } = (await (await fetch(`${url}/v1/models`)).json()) as { models: Model[] };
  sides.push(...(models.find(({ isDefault }) => isDefault)?.levels ?? []).map(({ side }) => side));
  return server;
}

interface Model {
  readonly isDefault: boolean;
  readonly levels: readonly { readonly side: number }[];
}

/** Resolves when it says that it listens. */
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
  /** What the page complained about. */
  readonly problems: readonly string[];
  close(): Promise<void>;
}

export interface VisitOptions {
  readonly width?: number;
  readonly theme?: 'light' | 'dark';
}

const open = new Set<Visit>();

/** Closes all that a failed test left open: they would keep the process alive. */
export async function closeVisits(): Promise<void> {
  for (const one of open) await one.close();
}

/** Opens an address as somebody who was never here before. */
export async function visit(url: string, { width = 1280, theme = 'light' }: VisitOptions = {}): Promise<Visit> {
  const profile = mkdtempSync(join(tmpdir(), 'kandid-web-'));
  const context: BrowserContext = await chromium.launchPersistentContext(profile, {
    ...{ executablePath: CHROMIUM, headless: true, args: FLAGS, colorScheme: theme },
    viewport: { width, height: 800 },
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const problems: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(error.message));
  const made: Visit = {
    ...{ page, problems },
    async close() {
      open.delete(made);
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
  open.add(made);
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

/** What shuts people out, by axe-core: serious and critical. */
export async function findings(page: Page): Promise<string[]> {
  await page.evaluate(readFileSync(AXE, 'utf8'));
  const { violations } = (await page.evaluate('axe.run()')) as { violations: Finding[] };
  return violations
    .filter(({ impact }) => BAD.includes(impact))
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' ')}`);
}

/** Asks the page again and again; its policy lets no text be evaluated later, as Playwright's own waiting would. */
export async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + 10_000;
  while (!(await holds())) if (performance.now() > end) throw new Error(`it never came to be: ${what}`);
}
