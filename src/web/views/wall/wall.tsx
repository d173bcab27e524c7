/** The Wall view: an endless grid of random pictures. */
import './wall.css';
import { signal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ModelAnswer, ResultAnswer } from '../../../client/client.ts';
import { ErrorNote } from '../../parts/error-note.tsx';
import { ModelField } from '../../parts/model-field.tsx';
import { modelNamed } from '../../state/catalogue.ts';
import { EMPTY, USUAL_COUNT } from '../../state/recipe.ts';
import { navigate } from '../../state/router.ts';
import { client } from '../../state/server.ts';
import { shareUrl } from '../../state/share.ts';
import type { ViewProps } from '../../view-props.ts';
import { BLOCK, Blocks, type WallPicture } from './blocks.ts';
import { type Sight, sightOf } from './sight.ts';

const seed = signal(newSeed());
/** Rows reached so far; the wall is that high plus one screen. */
const reached = signal(0);
/** Scroll position, restored when the view is shown again. */
let scrolled = 0;

const DRAWN_SIZE = 128;

export default function Wall({ params }: ViewProps) {
  const named = modelNamed(params.get('model') ?? undefined);
  const model = named?.condition === null ? named : modelNamed(undefined);
  return (
    <div class="wall">
      <header class="wall-head">
        <h1>Random pictures</h1>
        <p class="lead">
          Pictures generated without a guide, as the model finds them likely. Click one to open it in Create.
        </p>
        <div class="row">
          <ModelField
            value={model?.name}
            onChange={(name) => {
              reached.value = 0;
              navigate('wall', { model: name });
            }}
          />
          <button
            type="button"
            onClick={() => {
              [seed.value, reached.value] = [newSeed(), 0];
              scrollTo({ top: 0 });
            }}
          >
            New pictures
          </button>
        </div>
      </header>
      {model && <Bricks key={`${model.hash} ${seed.value}`} model={model} from={seed.value} />}
    </div>
  );
}

/** A seed for the wall; block n uses this seed + n. */
function newSeed(): number {
  return Math.floor(Math.random() * 2 ** 32);
}

async function generateBlock(model: string, seed: number, signal: AbortSignal): Promise<WallPicture[]> {
  const body = { model, seed, count: BLOCK, format: 'webp', size: DRAWN_SIZE };
  const { images } = await client.value.post<ResultAnswer>('/v1/generate', body, signal);
  return images.map(({ codeString, mime, base64 }) => ({
    codeString: codeString ?? '',
    url: `data:${mime};base64,${base64}`,
  }));
}

interface Measures {
  readonly columns: number;
  /** Height of a row including its gap. */
  readonly row: number;
  readonly sight: Sight;
}

function Bricks({ model, from }: { readonly model: ModelAnswer; readonly from: number }) {
  const ref = useRef<HTMLUListElement>(null);
  const [blocks] = useState(() => new Blocks((block, stop) => generateBlock(model.name, from + block, stop)));
  useEffect(() => () => blocks.dispose(), []);
  const [measures, setMeasures] = useState<Measures>({ columns: 1, row: 1, sight: { first: 0, last: 0 } });
  const [focus, setFocus] = useState(0);
  useLayoutEffect(() => {
    const update = () => {
      const next = ref.current && measured(ref.current);
      if (!next) return;
      setMeasures((known) => (isSame(known, next) ? known : next));
      reached.value = Math.max(reached.value, next.sight.last);
      scrolled = scrollY;
    };
    update();
    const kept = scrolled;
    // The wall must have its height again before it can be scrolled.
    if (kept > 0 && reached.value > 0) requestAnimationFrame(() => scrollTo({ top: kept }));
    const observer = new ResizeObserver(update);
    if (ref.current) observer.observe(ref.current);
    addEventListener('scroll', update, { passive: true });
    return () => {
      observer.disconnect();
      removeEventListener('scroll', update);
    };
  }, []);
  const { columns, row, sight } = measures;
  const first = sight.first * columns;
  const shown = Array.from({ length: (sight.last - sight.first) * columns }, (_, n) => first + n);
  useEffect(() => blocks.show(first, first + shown.length), [first, shown.length]);
  useEffect(() => {
    const link = ref.current?.querySelector<HTMLElement>(`[data-index="${focus}"]`);
    if (ref.current?.contains(document.activeElement)) link?.focus();
  }, [focus, first]);
  const onKeyDown = (event: KeyboardEvent) => {
    const to = steppedTo(event.key, focus, columns);
    if (to === null) return;
    event.preventDefault();
    setFocus(to);
    scrollToRow(ref.current, Math.floor(to / columns), row);
  };
  const bricks = (
    <ul
      class="wall-bricks"
      ref={ref}
      onKeyDown={onKeyDown}
      aria-label="Random pictures"
      style={{ '--rows': reached.value + 1, '--row': `${row}px` }}
    >
      {shown.map((index) => (
        <li
          key={index}
          style={{ '--at-row': Math.floor(index / columns), '--at-column': index % columns, '--columns': columns }}
        >
          <Brick
            model={model}
            picture={blocks.at(index)}
            index={index}
            isReached={index === clamped(focus, first, shown.length)}
            onFocus={setFocus}
          />
        </li>
      ))}
    </ul>
  );
  return (
    <>
      <ErrorNote error={blocks.error.value} onRetry={() => blocks.retry()} />
      {bricks}
    </>
  );
}

interface BrickProps {
  readonly model: ModelAnswer;
  /** Null until it is loaded. */
  readonly picture: WallPicture | null;
  readonly index: number;
  /** Whether it is the picture that Tab reaches. */
  readonly isReached: boolean;
  onFocus(index: number): void;
}

function Brick({ model, picture, index, isReached, onFocus }: BrickProps) {
  const { name, hash } = model;
  const common = { tabIndex: isReached ? 0 : -1, 'data-index': index, onFocus: () => onFocus(index) };
  // The placeholder is a link too: a different element would lose the focus when the picture is loaded.
  if (!picture) return <a class="picture" role="img" aria-label={`Number ${index + 1}, loading`} {...common} />;
  const { codeString, url } = picture;
  const link = shareUrl({ model: name, hash, codeString, recipe: { ...EMPTY, model: name, count: USUAL_COUNT } });
  return (
    <a href={link.slice(link.indexOf('#'))} {...common}>
      <img class="picture" src={url} alt={`Number ${index + 1}: open in Create`} draggable={false} />
    </a>
  );
}

/** Clamps to the rendered pictures, one of which must be reachable by Tab. */
function clamped(index: number, first: number, count: number): number {
  return index < first || index >= first + count ? first : index;
}

function measured(list: HTMLElement): Measures {
  const box = list.getBoundingClientRect();
  const columns = Number(getComputedStyle(list).getPropertyValue('--wall-columns')) || 1;
  const row = box.width / columns;
  return { columns, row, sight: sightOf(-box.top, innerHeight, row) };
}

function isSame(a: Measures, b: Measures): boolean {
  return a.columns === b.columns && a.row === b.row && a.sight.first === b.sight.first && a.sight.last === b.sight.last;
}

function steppedTo(key: string, at: number, columns: number): number | null {
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: at - 1,
    ArrowRight: at + 1,
    ArrowUp: at - columns,
    ArrowDown: at + columns,
    Home: 0,
  };
  const to = steps[key];
  return to === undefined || to < 0 ? null : to;
}

/** Scrolls a row into view, so that it is rendered and can be focused. */
function scrollToRow(list: HTMLElement | null, at: number, row: number): void {
  if (!list) return;
  const top = list.getBoundingClientRect().top + at * row;
  if (top < 0) scrollBy({ top });
  else if (top + row > innerHeight) scrollBy({ top: top + row - innerHeight });
}
