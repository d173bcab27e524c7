/** Options of each mode, and of all modes. */
import { ModelField } from '../../parts/model-field.tsx';
import { Slider } from '../../parts/slider.tsx';
import {
  addsNoise,
  beams,
  chooseModel,
  clearAnswers,
  count,
  detail,
  keepsWhole,
  mode,
  model,
  sigma,
  smallSide,
  smallSides,
  usable,
} from './session.ts';

const MOST_ANSWERS = 6;
const MOST_BEAMS = 16;
/** Byte values per unit of the noise's scale. */
const HALF_RANGE = 127.5;

export function ModeSettings() {
  if (mode.value.name === 'repaint') return <KeepsWhole />;
  if (mode.value.name === 'sharpen') return <SmallSide />;
  if (mode.value.name === 'clean') return <Noise />;
  if (mode.value.isConditional) return <Model />;
  return null;
}

function Model() {
  return <ModelField value={model.value?.name} among={usable.value} onChange={chooseModel} />;
}

function KeepsWhole() {
  return (
    <label class="edit-check">
      <input
        type="checkbox"
        checked={keepsWhole.value}
        onChange={(event) => {
          clearAnswers();
          keepsWhole.value = event.currentTarget.checked;
        }}
      />
      Keep the size of the picture, and all that is not marked
    </label>
  );
}

function SmallSide() {
  const sides = smallSides.value;
  return (
    <Slider
      label="shrink first to"
      min={0}
      max={Math.max(0, sides.length - 1)}
      value={sides.indexOf(detail.value)}
      text={`${detail.value} × ${detail.value} pixels`}
      onChange={(n) => {
        clearAnswers();
        smallSide.value = sides[n] ?? null;
      }}
    />
  );
}

function Noise() {
  return (
    <>
      <Slider
        label="noise strength"
        min={0.05}
        max={1}
        step={0.05}
        value={sigma.value}
        text={`${sigma.value.toFixed(2)}, about ${Math.round(sigma.value * HALF_RANGE)} of 255`}
        onChange={(value) => {
          clearAnswers();
          sigma.value = value;
        }}
      />
      <label class="edit-check">
        <input
          type="checkbox"
          checked={addsNoise.value}
          onChange={(event) => {
            clearAnswers();
            addsNoise.value = event.currentTarget.checked;
          }}
        />
        Add this noise to the picture first, as a test
      </label>
    </>
  );
}

export function MoreSettings() {
  return (
    <details>
      <summary>{mode.value.isConditional ? 'Results, beams' : 'Results, beams, model'}</summary>
      <div class="stack">
        <Slider
          label="results"
          min={1}
          max={MOST_ANSWERS}
          value={count.value}
          onChange={(value) => {
            count.value = value;
          }}
        />
        <Slider
          label="beams: closer match, proportionally slower"
          min={1}
          max={MOST_BEAMS}
          value={beams.value}
          onChange={(value) => {
            beams.value = value;
          }}
        />
        {!mode.value.isConditional && <Model />}
      </div>
    </details>
  );
}
