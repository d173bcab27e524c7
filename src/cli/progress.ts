/** A progress bar, on terminals only. */
import { SingleBar } from 'cli-progress';
import type { Io } from './io.ts';

export interface Progress {
  update(done: number, total: number, label: string): void;
  stop(): void;
}

export function progressOn({ terminal }: Io): Progress {
  if (!terminal) return { update: () => {}, stop: () => {} };
  const bar = new SingleBar({
    stream: terminal,
    format: '{bar} {value}/{total} {label}',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    gracefulExit: false,
    autopadding: true,
  });
  let isOn = false;
  return {
    update(done, total, label) {
      if (!isOn) bar.start(total, done, { label });
      isOn = true;
      bar.setTotal(total);
      bar.update(done, { label });
    },
    stop() {
      if (isOn) bar.stop();
      isOn = false;
    },
  };
}
