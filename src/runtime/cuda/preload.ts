/**
 * Loads a set's libraries by their full paths. The loader reads LD_LIBRARY_PATH only when a process starts, but takes a
 * library that is loaded already for every later request of its name: so no process has to be started anew, and command
 * line, library and the server's processes need nothing in their environment.
 */
import { constants } from 'node:os';
import { join } from 'node:path';
import { reasonOf } from '../../errors.ts';
import type { LibrarySet } from './library-set.ts';
import { providerSet } from './provider.ts';

/** Of glibc's dlfcn.h: the library stays when Node.js, which takes it for an add-on, closes it. */
const RTLD_NODELETE = 0x1000;

let loading: Promise<void> | undefined;

/**
 * Loads the libraries of the provider's set, once; nothing if the provider needs those of the system.
 *
 * @throws {KandidError} cuda_damaged; an Error that names the library that cannot be loaded
 */
export function preloadCuda(): Promise<void> {
  loading ??= providerSet()
    .then((set) => {
      if (set) preload(set);
    })
    .catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
  return loading;
}

/**
 * @param open opens a library as an add-on; replaced in tests
 * @throws {Error} with the loader's reason
 */
export function preload(
  { folder, preload: names }: Pick<LibrarySet, 'folder' | 'preload'>,
  open: (module: object, file: string, flags: number) => void = process.dlopen,
): void {
  const { RTLD_LAZY, RTLD_GLOBAL } = constants.dlopen;
  for (const name of names)
    try {
      open({ exports: {} }, join(folder, name), RTLD_LAZY | RTLD_GLOBAL | RTLD_NODELETE);
    } catch (error) {
      // That it is no add-on is found after it was loaded.
      if (!/did not self-register/.test(reasonOf(error))) throw error;
    }
}
