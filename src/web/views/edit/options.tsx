/** What a mode can be told, and what all of them can. */
import { ModelField } from '../../parts/model-field.tsx';
import { Slider } from '../../parts/slider.tsx';
import {
  addsNoise,
  beams,
  chooseModel,
  clearAnswers,
  count,
  detail,
  mode,
  model,
  sigma,
  smallSide,
  smallSides,
  usable,
} from './session.ts';

const MOST_ANSWERS = 6;
const MOST_BEAMS = 16;
/** Grades of a byte for the noise's scale. */
const HALF_RANGE = 127.5;

export function ModeSettings() {
  if (mode.value.name === 'sharpen') return <SmallSide />;
  if (mode.value.name === 'clean') return <Noise />;
  if (mode.value.isConditional) return <Model />;
  return null;
}

function Model() {
  return <ModelField value={model.value?.name} among={usable.value} onChange={chooseModel} />;
}

function SmallSide() {
  const sides = smallSides.value;
  return (
    <Slider
      label="shrunk beforehand to"
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
        label="strength of the noise"
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
        Put such noise into it first, to try
      </label>
    </>
  );
}

export function MoreSettings() {
  return (
    <details>
      <summary>{mode.value.isConditional ? 'Answers, care' : 'Answers, care, model'}</summary>
      <div class="stack">
        <Slider
          label="answers"
          min={1}
          max={MOST_ANSWERS}
          value={count.value}
          onChange={(value) => {
            count.value = value;
          }}
        />
        <Slider
          label="beams: nearer, and as many times slower"
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
