/** A GuideContext for tests: pictures are really decoded, networks and folders are the test's own, notes are kept. */

import { type GuideContext, type GuideModel, GuideProblem } from '../../src/guide.ts';
import { decodePicture } from '../../src/pictures/codec.ts';

export interface FakeParts {
  readonly model?: Partial<GuideContext['model']>;
  /** Networks by the path they are opened under. */
  readonly networks?: Readonly<Record<string, GuideModel>>;
  /** Folders by name; other names are taken as paths. */
  readonly folders?: Readonly<Record<string, string>>;
  readonly allowedHosts?: readonly string[];
  readonly timeoutSeconds?: number;
  readonly person?: GuideContext['person'];
  /** Where notes go. */
  readonly notes?: string[];
  /** What `shared` keeps; one map for several contexts makes them one process. */
  readonly kept?: Map<string, Promise<object>>;
}

export function fakeContext(parts: FakeParts = {}): GuideContext {
  const kept = parts.kept ?? new Map<string, Promise<object>>();
  return {
    model: { name: 'fake', channels: 3, finalSide: 32, levels: 6, ...parts.model },
    seed: 1,
    signal: new AbortController().signal,
    note: (message) => void parts.notes?.push(message),
    picture: (bytes, options) => decodePicture(bytes, options),
    compute: (piece) => piece(),
    folder: async (name) => parts.folders?.[name] ?? name,
    async open(path) {
      const network = parts.networks?.[path];
      if (!network) throw new GuideProblem(`no network ${path}`);
      return network;
    },
    async shared<T extends object>(key: string, make: () => Promise<T>): Promise<T> {
      const found = kept.get(key) ?? make();
      kept.set(key, found);
      return (await found) as T;
    },
    allowedHosts: parts.allowedHosts ?? [],
    timeoutSeconds: parts.timeoutSeconds ?? 30,
    ...(parts.person ? { person: parts.person } : {}),
  };
}
