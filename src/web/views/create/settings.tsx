/** Seed, number of results and sampling. */
import { Slider } from '../../parts/slider.tsx';
import { modelNamed, plainModels } from '../../state/catalogue.ts';
import type { Recipe } from '../../state/recipe.ts';
import { change, recipe, startAnew } from './form.ts';
import { current } from './session.ts';

const MAX_RESULTS = 12;
const MAX_TEMPERATURE = 1.5;
/** The server's default without guides; with guides it is 0. */
const DEFAULT_TEMPERATURE = 0.6;
/** Most beams of all pictures of a request: servers limit its memory. */
const MAX_BEAMS = 16;
/** The server's default for prompts, after the coarsest side. */
const DEFAULT_PARTICLES = 1.5;
const MAX_PARTICLES = 8;

export function Settings() {
  const { count, sampler } = recipe.value;
  const { beams = 1 } = sampler;
  return (
    <section class="settings" aria-label="Settings">
      <Slider label="pictures" min={1} max={MAX_RESULTS} value={count} onChange={(value) => change({ count: value })} />
      <details>
        <summary>Seed, sampling, model</summary>
        <div class="stack">
          <Seed />
          <Surprise />
          <Attempts />
          <Slider
            label="beams: closer match, proportionally slower"
            min={1}
            max={Math.max(beams, Math.floor(MAX_BEAMS / count))}
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

/** Temperature: 0 generates the most typical pictures, 1 pictures as varied as the training data. */
function Surprise() {
  const { sampler, guides } = recipe.value;
  const standard = guides.length > 0 ? 0 : DEFAULT_TEMPERATURE;
  const { temperature = standard } = sampler;
  return (
    <Slider
      label="from typical to surprising"
      min={0}
      max={MAX_TEMPERATURE}
      step={0.05}
      value={temperature}
      text={sampler.temperature === undefined ? 'default' : temperature.toFixed(2)}
      onChange={(value) => setSampler('temperature', value, standard)}
    />
  );
}

/** Particles; without guides nothing ranks them. */
function Attempts() {
  const { sampler, guides } = recipe.value;
  if (guides.length === 0) return null;
  const { particles } = sampler;
  return (
    <Slider
      label="attempts for each picture, the best kept"
      min={1}
      max={MAX_PARTICLES}
      step={0.5}
      value={particles ?? DEFAULT_PARTICLES}
      text={particles === undefined ? 'default' : `${particles}`}
      onChange={(value) => setSampler('particles', value, DEFAULT_PARTICLES)}
    />
  );
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
