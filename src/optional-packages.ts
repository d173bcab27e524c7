/** Packages that are installed by those who need them only. */
import { packageManifest } from './config.ts';
import { KandidError } from './errors.ts';

/**
 * What `load` imports from the packages of these names.
 *
 * @param purpose what needs them, in the plural: `data sets and their evaluation`
 * @throws {KandidError} package_missing if one of them is not installed, with the command that installs all of them
 */
export async function optionalPackages<T>(
  names: readonly string[],
  purpose: string,
  load: () => T | Promise<T>,
): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const missing = names.find((name) => isMissing(error, name));
    if (missing === undefined) throw error;
    throw new KandidError(
      'package_missing',
      { package: missing, purpose, install: versionsOf(names) },
      { cause: error },
    );
  }
}

/** Whether the package itself is missing, as opposed to a file of a damaged installation. */
function isMissing(error: unknown, name: string): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  const isNotFound = error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'MODULE_NOT_FOUND';
  return isNotFound && error.message.includes(`'${name}'`);
}

/** Versions as npm takes them: others may behave otherwise. */
function versionsOf(names: readonly string[]): string {
  const { peerDependencies = {} } = packageManifest();
  return names.map((name) => (peerDependencies[name] ? `${name}@${peerDependencies[name]}` : name)).join(' ');
}
