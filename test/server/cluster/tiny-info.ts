/** The description of a worker with one model and no guides. */
import type { WorkerInfo } from '../../../src/worker/messages.ts';

export const tinyInfo: WorkerInfo = {
  device: 'cpu',
  fallback: null,
  defaultModel: 'tiny',
  guides: [],
  lexicons: {},
  beamBytes: { tiny: 0 },
  models: [
    {
      name: 'tiny',
      title: 'Tiny',
      description: '',
      hash: 'ab'.repeat(32),
      channels: 3,
      side: 8,
      bits: 4,
      levels: [],
      condition: null,
      textModels: [],
      hasPrior: false,
      metrics: {},
      licence: { data: '', weights: '', attribution: '' },
    },
  ],
};
