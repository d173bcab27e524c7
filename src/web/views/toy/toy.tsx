/** The Toy view: a network of one level in two dimensions, animated during training. */
import './toy.css';
import { useEffect, useMemo } from 'preact/hooks';
import { Slider } from '../../parts/slider.tsx';
import { Board } from '../edit/board.tsx';
import { BoardTools } from '../edit/board-tools.tsx';
import { urlOf } from '../edit/pictures.ts';
import { Dots } from './dots.tsx';
import {
  begin,
  count,
  drawing,
  frame,
  groundPixels,
  isBlank,
  isRunning,
  NAMES,
  open,
  painting,
  run,
  splits,
  stepOnce,
} from './session.ts';

const MAX_NODES = 4000;

export default function Toy() {
  useEffect(() => open(!matchMedia('(prefers-reduced-motion: reduce)').matches), []);
  const below = useMemo(() => urlOf(groundPixels.value), [groundPixels.value]);
  return (
    <div class="toy">
      <header class="stack">
        <h1>How it learns</h1>
        <p class="lead">
          Here a picture is a point in the plane, and the network a set of nodes. In each step, the node nearest to a
          sample moves towards it. A node that is nearest too often is split in two, and one that hardly ever is gets
          pruned. In this way the nodes take on the distribution of the samples.
        </p>
      </header>
      <section class="stack" aria-label="Where samples come from">
        <h2>Distribution of the samples</h2>
        <Board painting={painting} below={below} label="Density: paint where samples should be" isGlass={false} />
        <Drawings />
        <BoardTools painting={painting} canInvert />
      </section>
      <section class="stack" aria-label="The network">
        <h2>Nodes</h2>
        <Dots />
        <Figures />
        <Controls />
      </section>
    </div>
  );
}

function Drawings() {
  return (
    <fieldset class="choices pills">
      <legend class="unseen">Drawing</legend>
      {NAMES.map((name) => (
        <label key={name}>
          <input
            type="radio"
            name="drawing"
            class="unseen"
            checked={drawing.value === name}
            onChange={() => {
              drawing.value = name;
            }}
          />
          <span>{name.replaceAll('_', ' ') || 'empty, to paint on'}</span>
        </label>
      ))}
    </fieldset>
  );
}

function Figures() {
  const { step = 0, dead = 0, js = null } = frame.value ?? {};
  return (
    <dl class="figures toy-figures">
      <div>
        <dt>steps</dt>
        <dd>{step}</dd>
      </div>
      <div>
        <dt>unused nodes</dt>
        <dd>{`${(100 * dead).toFixed(1)} %`}</dd>
      </div>
      <div>
        <dt>Jensen-Shannon divergence</dt>
        <dd>{js === null ? '–' : js.toFixed(3)}</dd>
      </div>
    </dl>
  );
}

function Controls() {
  return (
    <>
      <div class="row">
        <button type="button" class="main" disabled={isBlank.value} onClick={() => run(!isRunning.value)}>
          {isRunning.value ? 'Pause' : 'Continue'}
        </button>
        <button type="button" disabled={isBlank.value} onClick={stepOnce}>
          One step
        </button>
        <button
          type="button"
          disabled={isBlank.value}
          onClick={() => {
            begin();
            run(true);
          }}
        >
          Restart
        </button>
      </div>
      {isBlank.value && <p class="hint">The canvas is empty: paint where samples should be.</p>}
      <Slider
        label="nodes"
        min={50}
        max={MAX_NODES}
        step={50}
        value={count.value}
        text={count.value.toLocaleString('en')}
        onChange={(value) => {
          count.value = value;
          begin();
        }}
      />
      <label class="toy-check">
        <input
          type="checkbox"
          checked={splits.value}
          onChange={(event) => {
            splits.value = event.currentTarget.checked;
          }}
        />
        Split and prune: without it, nodes far from all samples never move
      </label>
    </>
  );
}
