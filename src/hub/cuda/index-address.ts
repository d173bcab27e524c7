/** Where the package index is: as `pip` is configured, so that one setting counts for both. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { KandidError } from '../../errors.ts';
import type { HubSettings } from '../connection.ts';

const DEFAULT_INDEX = 'https://pypi.org/simple';

/**
 * @param given address; otherwise PIP_INDEX_URL, pip's configuration files, or PyPI
 * @throws {KandidError} option_invalid if it is not http or https
 */
export async function indexSettings(given: string | undefined, environment: NodeJS.ProcessEnv): Promise<HubSettings> {
  const address = given ?? (environment.PIP_INDEX_URL || (await configured(environment)) || DEFAULT_INDEX);
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
