/** Candidates never chosen on training pictures: unused capacity of the model. */
import { Usage } from '../measures/figures.ts';
import type { Task } from '../task.ts';

const READ = 256;

export const usage: Task = {
  name: 'usage',
  conditional: 'also',
  title: 'candidates never chosen, on training pictures',
  skipReason: ({ dataset, trainingSkipReason }) =>
    dataset === null ? 'the model was never trained' : trainingSkipReason,
  async run(context) {
    const wanted = context.usageCount;
    const seen = new Usage(context.network.candidateCounts);
    const pictures = await context.trainingPictures(wanted);
    const count = Math.min(wanted, pictures.count);
    try {
      // Once every candidate was chosen, more pictures cannot change the figure.
      for (let from = 0; from < count && (seen.unused > 0 || from === 0); from += READ) {
        const part = await pictures.read(from, Math.min(from + READ, count));
        await context.encode(`usage, ${from} of ${count}`, part, 1, (_, { done }) =>
          seen.add(done.results[0]?.code ?? []),
        );
      }
    } finally {
      await pictures.close();
    }
    const settled = seen.codes < count ? `all were chosen within the first ${seen.codes}` : `${seen.codes}`;
    return {
      metrics: { unused_nodes: seen.unused, usage: { pictures: count, settled_after: seen.codes } },
      table: {
        header: ['training pictures', 'never chosen'],
        rows: [[`${count} (${settled})`, String(seen.unused)]],
      },
      sheets: [],
    };
  },
};
