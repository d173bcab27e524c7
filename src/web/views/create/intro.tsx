/** Introduction: how a DDN works, and a random picture after the last level of each side. */
import { useState } from 'preact/hooks';
import { Picture } from '../../parts/picture.tsx';
import { modelNamed } from '../../state/catalogue.ts';
import { codeText, randomCode } from '../../state/code.ts';
import { recipe } from './form.ts';

const SHOWN = 160;

export function Intro() {
  const model = modelNamed(recipe.value.model);
  const [code, setCode] = useState<{ readonly of: string; readonly text: string } | null>(null);
  if (!model) return <div class="intro" />;
  const { levels, hash, name } = model;
  const draw = () => setCode({ of: hash, text: codeText(randomCode(levels), levels) });
  if (code?.of !== hash) draw();
  const candidates = levels[0]?.candidates ?? 0;
  const ends = levels.flatMap(({ side }, n) => (levels[n + 1]?.side === side ? [] : [n]));
  return (
    <figure class="intro">
      <div class="intro-strip" key={code?.text}>
        {code &&
          ends.map((level) => (
            <div key={level}>
              <Picture model={name} hash={hash} code={code.text} level={level} size={SHOWN} alt="" />
              <span aria-hidden="true">{levels[level]?.side}</span>
            </div>
          ))}
      </div>
      <figcaption>
        <p class="lead">
          A Discrete Distribution Network generates {candidates} candidates at each of {levels.length} levels. One is
          kept, and the next, sharper ones are generated from it. Your prompt decides which one is kept.
        </p>
        <button type="button" class="quiet" onClick={draw}>
          Another random picture
        </button>
      </figcaption>
    </figure>
  );
}
