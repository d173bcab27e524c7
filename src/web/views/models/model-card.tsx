/** Card of a model: samples, levels, licence, metrics. */
import type { ModelAnswer } from '../../../client/client.ts';
import { Picture } from '../../parts/picture.tsx';
import { addressOf } from '../../state/router.ts';
import { useSamples } from '../../state/samples.ts';
import { allFigures, mainFigures, type Row, stagesOf } from './figures.ts';

const SAMPLES = 6;

export function ModelCard({ model }: { readonly model: ModelAnswer }) {
  const { name, title, description, hash, levels, bits, channels, condition, licence, metrics, isDefault } = model;
  const counts = [...new Set(levels.map(({ candidates }) => candidates))].join(', ');
  const stages = stagesOf(levels).map((stage) => `${stage.levels} of ${stage.side} × ${stage.side}`);
  const figures = allFigures(metrics);
  return (
    <article class="card model-card" aria-labelledby={`model-${name}`}>
      {condition === null && <Samples model={model} />}
      <header>
        <h3 id={`model-${name}`}>{title}</h3>
        <p class="hint">
          <code>
            {name}@{hash.slice(0, 8)}
          </code>
          {isDefault && ', default model'}
        </p>
      </header>
      <p>{description}</p>
      <Rows
        rows={[
          { name: 'levels', value: `${levels.length}: ${stages.join(', ')}` },
          { name: 'candidates per level', value: counts },
          { name: 'code length', value: `${bits} bits, ${channels === 1 ? 'gray' : 'in colour'}` },
          ...(condition ? [{ name: 'condition', value: condition.kind.replaceAll('_', ' ') }] : []),
          ...mainFigures(metrics),
          { name: 'licence of the weights', value: licence.weights },
          { name: 'trained on', value: licence.data },
          ...(licence.attribution ? [{ name: 'attribution', value: licence.attribution }] : []),
        ]}
      />
      {figures.length > 0 && (
        <details>
          <summary>All metrics</summary>
          <Rows rows={figures} />
        </details>
      )}
      {condition === null && (
        <p class="row">
          <a href={addressOf('tree', { model: name })}>Tree</a>
          <a href={addressOf('wall', { model: name })}>Wall</a>
        </p>
      )}
    </article>
  );
}

function Samples({ model }: { readonly model: ModelAnswer }) {
  const { name, hash } = model;
  const codes = useSamples(model, { count: SAMPLES });
  return (
    <div class="model-samples" role="img" aria-label={`${SAMPLES} random pictures of ${model.title}`}>
      {codes.map((code) => (
        <Picture key={code} model={name} hash={hash} code={code} size={128} alt="" />
      ))}
      {codes.length === 0 && Array.from({ length: SAMPLES }, (_, n) => <span key={n} class="picture" />)}
    </div>
  );
}

function Rows({ rows }: { readonly rows: readonly Row[] }) {
  return (
    <dl class="model-rows">
      {rows.map(({ name, value }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
