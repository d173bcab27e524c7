/** Packages that only data sets need, so that they need not be installed to run Kandid. */
import { KandidError } from '../../errors.ts';

/**
 * What `load` imports.
 *
 * @throws {KandidError} package_missing where it is not installed
 */
export async function optionalPackage<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (isMissing(error, name)) throw new KandidError('package_missing', { package: name }, { cause: error });
    throw error;
  }
}

/** Only the package itself: a file that is missing inside of it is a damaged installation. */
function isMissing(error: unknown, name: string): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  const isNotFound = error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'MODULE_NOT_FOUND';
  return isNotFound && error.message.includes(`'${name}'`);
}
