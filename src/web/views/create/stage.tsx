/** The pictures of the request: live previews while it runs, a timeline of levels afterwards. */
import { Picture, pictureUrl } from '../../parts/picture.tsx';
import { Timeline } from '../../parts/timeline.tsx';
import { models } from '../../state/catalogue.ts';
import type { SavedPicture } from '../../state/history.ts';
import type { LiveRun, Slot } from '../../state/live.ts';
import { Actions } from './actions.tsx';
import { crossing, crossWith } from './crossing.ts';
import { current, live, pictures, scrubbed, selected } from './session.ts';
import { isShownByWords } from './words.tsx';

/** Side of pictures decoded from their codes. */
const SHOWN = 512;

export function Stage() {
  const run = live.value;
  const slots = run?.slots.value ?? [];
  const saved = pictures.value;
  const count = run ? slots.length : saved.length;
  const { levels, reached } = descentOf(run, current.value);
  const level = scrubbed.value;
  return (
    <section class="stage" aria-label="Pictures">
      <div class={`tiles tiles-${Math.min(count, 5)}`}>
        {Array.from({ length: count }, (_, n) => (
          <Tile key={n} n={n} count={count} slot={slots[n]} saved={saved[n]} level={level} />
        ))}
      </div>
      {levels.length > 0 && (
        <Timeline
          levels={levels}
          value={level ?? reached}
          reached={reached}
          shots={stripOf(slots[selected.value], current.value, levels)}
          onChange={(to) => {
            scrubbed.value = to >= levels.length - 1 ? null : to;
          }}
        />
      )}
      <Actions notes={(run?.notes.value ?? []).filter((note) => !isShownByWords(note))} />
    </section>
  );
}

function descentOf(run: LiveRun | null, saved: SavedPicture | null) {
  if (run) return { levels: run.about.value?.levels ?? [], reached: run.level.value };
  const levels = models.value.find(({ name }) => name === saved?.model)?.levels ?? [];
  return { levels, reached: levels.length - 1 };
}

/** A picture for each level; a level without a preview shows the one before it. */
function stripOf(slot: Slot | undefined, saved: SavedPicture | null, levels: readonly { readonly side: number }[]) {
  const seen = slot?.shots.some(Boolean);
  let url: string | undefined;
  return levels.map(({ side }, n) => {
    const shot = slot?.shots[n]?.url;
    if (shot) url = shot;
    // Kept levels of another picture have no previews.
    else if ((!seen || !slot?.shots.slice(0, n).some(Boolean)) && saved && levels[n - 1]?.side !== side) {
      const lastOfSide = levels.findLastIndex((other) => other.side === side);
      url = pictureUrl({ model: saved.model, hash: saved.hash, code: saved.codeString, level: lastOfSide });
    }
    return url;
  });
}

interface TileProps {
  readonly n: number;
  readonly count: number;
  readonly slot: Slot | undefined;
  readonly saved: SavedPicture | undefined;
  readonly level: number | null;
}

function Tile({ n, count, slot, saved, level }: TileProps) {
  const alt = count === 1 ? 'The picture' : `Picture ${n + 1}`;
  const picture = <TilePicture slot={slot} saved={saved} level={level} alt={alt} />;
  if (count === 1) return <div class="tile">{picture}</div>;
  return (
    <button
      type="button"
      class="tile"
      aria-pressed={selected.value === n}
      onClick={() => {
        if (!(saved && crossing.value && crossWith(saved))) selected.value = n;
      }}
    >
      {picture}
    </button>
  );
}

function TilePicture({ slot, saved, level, alt }: Omit<TileProps, 'n' | 'count'> & { readonly alt: string }) {
  const url = level === null ? (slot?.final ?? slot?.latest?.url) : slot && shotAt(slot, level)?.url;
  if (url) return <img class="picture" src={url} alt={alt} draggable={false} />;
  if (saved)
    return (
      <Picture
        model={saved.model}
        hash={saved.hash}
        code={saved.codeString}
        size={SHOWN}
        alt={alt}
        level={level ?? undefined}
      />
    );
  const previous = slot && level !== null ? slot.shots.slice(0, level + 1).findLast(Boolean) : undefined;
  if (previous) return <img class="picture" src={previous.url} alt={alt} draggable={false} />;
  return <span class="picture picture-coming" role="img" aria-label={`${alt}, not started`} />;
}

/** The preview of a level, unless it belongs to a beam that was dropped later. */
function shotAt({ shots, code }: Slot, level: number) {
  const isKept = !code || shots.slice(0, level + 1).every((shot) => !shot || shot.choice === code[shot.level]);
  return isKept ? shots[level] : undefined;
}
