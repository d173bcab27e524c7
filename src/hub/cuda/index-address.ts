/** Where the package index is: where `pip` takes packages from, so that one setting counts for both. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { KandidError } from '../../errors.ts';
import type { HubSettings } from '../connection.ts';

/** pip names its own index in this class only; no command prints it. */
const DEFAULT_OF_PIP = 'from pip._internal.models.index import PyPI; print(PyPI.simple_url)';

/**
 * @param given address; otherwise PIP_INDEX_URL, that of pip's configuration files, or pip's default
 * @param pipDefault the index of a pip that is not configured; null if there is no pip
 * @throws {KandidError} option_invalid if there is none, or it is not http or https
 */
export async function indexSettings(
  given: string | undefined,
  environment: NodeJS.ProcessEnv,
  pipDefault = defaultOfPip,
): Promise<HubSettings> {
  const address = given ?? (environment.PIP_INDEX_URL || (await configured(environment)) || (await pipDefault()));
  if (address === null)
    throw new KandidError('option_invalid', {
      option: '--index',
      got: 'not given, PIP_INDEX_URL is not set, and no pip is installed that names an index',
      expected: 'the address of a package index of Python (for a folder of wheels: --wheels)',
    });
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol))
    throw new KandidError('option_invalid', {
      option: '--index',
      got: `"${address.slice(0, 200)}"`,
      expected: 'an address with https:// or http:// (for a folder of wheels: --wheels)',
    });
  const url = new URL(address);
  const login = url.username ? `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}` : null;
  [url.username, url.password] = ['', ''];
  return {
    endpoint: url.href.replace(/\/+$/, ''),
    token: login === null ? null : Buffer.from(login).toString('base64'),
    scheme: 'Basic',
    cache: '',
  };
}

async function defaultOfPip(): Promise<string | null> {
  const asked = promisify(execFile)('python3', ['-c', DEFAULT_OF_PIP], { timeout: 10_000 });
  return (await asked.catch(() => null))?.stdout.trim() || null;
}

/** `index-url` of the first of pip's files that has one, in pip's own order; null if none has. */
async function configured(environment: NodeJS.ProcessEnv): Promise<string | null> {
  for (const file of configFiles(environment)) {
    const found = indexIn(await readFile(file, 'utf8').catch(() => ''));
    if (found) return found;
  }
  return null;
}

function configFiles(environment: NodeJS.ProcessEnv): string[] {
  const home = environment.HOME || homedir();
  const own = environment.PIP_CONFIG_FILE;
  // As with pip: this name switches all files off.
  if (own === '/dev/null') return [];
  const shared = (environment.XDG_CONFIG_DIRS || '/etc/xdg').split(delimiter).filter(Boolean);
  return [
    ...(own ? [own] : []),
    ...(environment.VIRTUAL_ENV ? [join(environment.VIRTUAL_ENV, 'pip.conf')] : []),
    join(environment.XDG_CONFIG_HOME || join(home, '.config'), 'pip', 'pip.conf'),
    join(home, '.pip', 'pip.conf'),
    '/etc/pip.conf',
    ...shared.map((folder) => join(folder, 'pip', 'pip.conf')),
  ];
}

/** From the sections that count for all commands, or for downloads. */
function indexIn(text: string): string | null {
  let section = '';
  for (const line of text.split(/\r?\n/)) {
    section = /^\s*\[(\w+)\]/.exec(line)?.[1] ?? section;
    const value = /^index[-_]url\s*[=:]\s*(\S+)/.exec(line)?.[1];
    if (value && ['global', 'install', 'download'].includes(section)) return value;
  }
  return null;
}
