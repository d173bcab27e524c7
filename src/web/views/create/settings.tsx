/** Seed, number of results and sampling. */
import { Slider } from '../../parts/slider.tsx';
import { modelNamed, plainModels } from '../../state/catalogue.ts';
import type { Recipe } from '../../state/recipe.ts';
import { change, recipe, startAnew } from './form.ts';
import { current } from './session.ts';

const MOST_RESULTS = 12;
const MOST_TOP = 32;
const MOST_BEAMS = 16;

export function Settings() {
  const { count, sampler, prefix } = recipe.value;
  const { top = 1, temperature = 0, beams = 1 } = sampler;
  return (
    <section class="settings" aria-label="Settings">
      {prefix && (
        <p class="chip">
          Continues from {prefix.length} {prefix.length === 1 ? 'level' : 'levels'} of a picture
          <button type="button" class="quiet" onClick={startAnew}>
            Start from scratch
          </button>
        </p>
      )}
      <Slider
        label="pictures"
        min={1}
        max={MOST_RESULTS}
        value={count}
        onChange={(value) => change({ count: value })}
      />
      <details>
        <summary>Seed, sampling, model</summary>
        <div class="stack">
          <Seed />
          <Slider
            label="top: choose among the best candidates"
            min={1}
            max={MOST_TOP}
            value={top}
            text={top === 1 ? 'only the best' : `${top}`}
            onChange={(value) => setSampler('top', value, 1)}
          />
          <Slider
            label="temperature"
            min={0}
            max={2}
            step={0.05}
            value={temperature}
            text={temperature === 0 ? 'off' : temperature.toFixed(2)}
            onChange={(value) => setSampler('temperature', value, 0)}
          />
          <Slider
            label="beams: closer match, proportionally slower"
            min={1}
            max={MOST_BEAMS}
            value={beams}
            onChange={(value) => setSampler('beams', value, 1)}
          />
          <Model />
        </div>
      </details>
    </section>
  );
}

function setSampler(name: keyof Recipe['sampler'], value: number, standard: number): void {
  const { [name]: _, ...rest } = recipe.value.sampler;
  change({ sampler: value === standard ? rest : { ...rest, [name]: value } });
}

function Seed() {
  const { seed } = recipe.value;
  const last = current.value?.recipe.seed ?? null;
  return (
    <div class="field">
      <label for="seed">seed</label>
      <div class="row seed">
        <input
          id="seed"
          type="number"
          min={0}
          step={1}
          placeholder="random each time"
          value={seed ?? ''}
          onInput={({ currentTarget: { valueAsNumber } }) =>
            change({ seed: Number.isSafeInteger(valueAsNumber) && valueAsNumber >= 0 ? valueAsNumber : null })
          }
        />
        {last !== null && seed !== last && (
          <button type="button" class="quiet" onClick={() => change({ seed: last })}>
            Keep {last}
          </button>
        )}
        {seed !== null && (
          <button type="button" class="quiet" onClick={() => change({ seed: null })}>
            Random seed
          </button>
        )}
      </div>
    </div>
  );
}

function Model() {
  const usable = plainModels.value;
  const chosen = modelNamed(recipe.value.model);
  if (usable.length < 2) return null;
  return (
    <div class="field">
      <label for="model">model</label>
      <select
        id="model"
        value={chosen?.name ?? ''}
        onChange={(event) => {
          startAnew();
          change({ model: event.currentTarget.value });
        }}
      >
        {usable.map(({ name, title }) => (
          <option key={name} value={name}>
            {title}
          </option>
        ))}
      </select>
    </div>
  );
}
