/** Panel that combines two pictures. */
import { useEffect, useRef } from 'preact/hooks';
import { Picture } from '../../parts/picture.tsx';
import { Slider } from '../../parts/slider.tsx';
import type { SavedPicture } from '../../state/history.ts';
import { crossing, endCrossing, joined, keepJoined, levelCount, partner, share } from './crossing.ts';

export function Cross() {
  const [first, second, both] = [crossing.value, partner.value, joined.value];
  const ref = useRef<HTMLElement>(null);
  // It may open outside the visible area.
  useEffect(() => ref.current?.scrollIntoView({ block: 'nearest' }), [first, second]);
  const isOpen = first !== null;
  useEffect(() => {
    if (!isOpen) return;
    const onKey = ({ key }: KeyboardEvent) => {
      if (key === 'Escape') endCrossing();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [isOpen]);
  if (!first) return null;
  return (
    <section ref={ref} class="cross card" aria-label="Cross two pictures">
      <div class="cross-row">
        <One saved={first} alt="The first picture" />
        {both ? (
          <One saved={both} alt="The combined picture" />
        ) : (
          <p class="hint">Now choose the other one among your pictures.</p>
        )}
        {second && <One saved={second} alt="The second picture" />}
      </div>
      {second && (
        <Slider
          label="levels of the first"
          min={0}
          max={levelCount.value}
          value={share.value}
          text={`${share.value} of ${levelCount.value}`}
          onChange={(value) => {
            share.value = value;
          }}
        />
      )}
      <div class="row">
        {both && (
          <button type="button" class="main" onClick={() => void keepJoined()}>
            Keep it
          </button>
        )}
        <button type="button" class="quiet" onClick={endCrossing}>
          Cancel
        </button>
      </div>
    </section>
  );
}

function One({ saved, alt }: { readonly saved: SavedPicture; readonly alt: string }) {
  return <Picture model={saved.model} hash={saved.hash} code={saved.codeString} size={256} alt={alt} />;
}
