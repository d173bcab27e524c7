/** The pictures of the request: sharpening in place while it runs, to go back and forth in afterwards. */
import { ErrorNote } from '../../parts/error-note.tsx';
import { Timeline } from '../../parts/timeline.tsx';
import type { LiveRun } from '../../state/live.ts';
import { live, scrubbed, selected } from './session.ts';

export function Stage() {
  const run = live.value;
  return run ? <LiveStage run={run} /> : null;
}

function LiveStage({ run }: { readonly run: LiveRun }) {
  const about = run.about.value;
  const reached = run.level.value;
  const slots = run.slots.value;
  return (
    <section class="stage" aria-label="Pictures">
      <ErrorNote error={run.error.value} />
      <div class={slots.length > 1 ? 'tiles' : 'tiles tiles-one'}>
        {slots.map((slot, n) => {
          const shot = scrubbed.value === null ? null : slot.shots[scrubbed.value];
          const url = shot?.url ?? slot.final ?? slot.latest?.url;
          const choose = () => {
            selected.value = n;
          };
          return (
            // biome-ignore format: one line
            <button key={n} type="button" class="tile" aria-pressed={selected.value === n} aria-label={`Result ${n + 1}`} onClick={choose}>
              {url ? <img class="picture" src={url} alt="" /> : <span class="picture" />}
            </button>
          );
        })}
      </div>
      {about && (
        <Timeline
          {...{ levels: about.levels, value: scrubbed.value ?? reached, reached }}
          shots={slots[selected.value]?.shots ?? []}
          onChange={(level) => {
            scrubbed.value = level;
          }}
        />
      )}
    </section>
  );
}
