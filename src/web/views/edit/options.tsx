/** Settings of the current mode, and those of all modes. */
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
  sharpensWhole,
  sigma,
  smallSide,
  smallSides,
  source,
  usable,
} from './session.ts';

const MAX_ANSWERS = 6;
const MAX_BEAMS = 16;
/** Byte values per unit of the noise's scale. */
const HALF_RANGE = 127.5;

export function ModeSettings() {
  if (mode.value.name === 'repaint')
    return <Whole value={keepsWhole} label="Keep the picture's size and its unmarked parts" />;
  if (mode.value.name === 'sharpen') return <Sharpening />;
  if (mode.value.name === 'clean') return <Noise />;
  if (mode.value.isConditional) return <Model />;
  return null;
}

function Model() {
  return <ModelField value={model.value?.name} among={usable.value} onChange={chooseModel} />;
}

function Sharpening() {
  const from = source.value;
  return (
    <>
      {from && from.width !== from.height && (
        <Whole value={sharpensWhole} label="All of the picture, in squares, instead of its middle square" />
      )}
      <SmallSide />
    </>
  );
}

interface WholeProps {
  readonly value: typeof keepsWhole;
  readonly label: string;
}

function Whole({ value, label }: WholeProps) {
  return (
    <label class="edit-check">
      <input
        type="checkbox"
        checked={value.value}
        onChange={(event) => {
          clearAnswers();
          value.value = event.currentTarget.checked;
        }}
      />
      {label}
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
          max={MAX_ANSWERS}
          value={count.value}
          onChange={(value) => {
            count.value = value;
          }}
        />
        <Slider
          label="beams: closer match, proportionally slower"
          min={1}
          max={MAX_BEAMS}
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
