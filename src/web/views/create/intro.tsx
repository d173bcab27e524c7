/** Introduction: how a DDN works, and a random picture after the last level of each side. */
import { useState } from 'preact/hooks';
import type { ModelAnswer } from '../../../client/client.ts';
import { Picture } from '../../parts/picture.tsx';
import { modelNamed } from '../../state/catalogue.ts';
import { useSamples } from '../../state/samples.ts';
import { recipe } from './form.ts';

const SHOWN = 256;

export function Intro() {
  const model = modelNamed(recipe.value.model);
  return model ? <Sharpening model={model} /> : <div class="intro" />;
}

function Sharpening({ model }: { readonly model: ModelAnswer }) {
  const { levels, hash, name } = model;
  const [turn, setTurn] = useState(0);
  const [code] = useSamples(model, { count: 1, turn });
  const candidates = levels[0]?.candidates ?? 0;
  const ends = levels.flatMap(({ side }, n) => (levels[n + 1]?.side === side ? [] : [n]));
  return (
    <figure class="intro">
      <div class="intro-strip" key={code}>
        {ends.map((level, n) => (
          <div key={level} style={{ '--at': ends.length > 1 ? n / (ends.length - 1) : 1 }}>
            {code ? (
              <Picture model={name} hash={hash} code={code} level={level} size={SHOWN} alt="" />
            ) : (
              <span class="picture" />
            )}
            <span aria-hidden="true">{levels[level]?.side}</span>
          </div>
        ))}
      </div>
      <figcaption>
        <p class="lead">
          A Discrete Distribution Network generates {candidates} candidates at each of {levels.length} levels. One is
          kept, and the next, sharper ones are generated from it. Your prompt decides which one is kept.
        </p>
        <button type="button" class="quiet" onClick={() => setTurn(turn + 1)}>
          Another random picture
        </button>
      </figcaption>
    </figure>
  );
}
