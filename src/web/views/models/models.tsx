/** The Models view: state of the server, API calls, models. */
import './models.css';
import { useState } from 'preact/hooks';
import { Copyable } from '../../parts/copyable.tsx';
import { models } from '../../state/catalogue.ts';
import { base, key } from '../../state/server.ts';
import { recipe } from '../create/form.ts';
import { current } from '../create/session.ts';
import { curlCall, needsPictures, pythonCall, typescriptCall } from './calls.ts';
import { ModelCard } from './model-card.tsx';
import { Now } from './now.tsx';

export default function Models() {
  return (
    <div class="models">
      <h1>Models and server</h1>
      <section class="stack" aria-labelledby="now">
        <h2 id="now">Server</h2>
        <Now />
      </section>
      <section class="stack" aria-labelledby="calls">
        <h2 id="calls">API call</h2>
        <Calls />
      </section>
      <section class="stack" aria-labelledby="bundles">
        <h2 id="bundles">Models</h2>
        <div class="model-cards">
          {models.value.map((model) => (
            <ModelCard key={model.hash} model={model} />
          ))}
        </div>
      </section>
    </div>
  );
}

const LANGUAGES = { curl: curlCall, TypeScript: typescriptCall, 'Python, OpenAI': pythonCall };
type Language = keyof typeof LANGUAGES;

function Calls() {
  const [language, setLanguage] = useState<Language>('curl');
  const request = current.value?.recipe ?? recipe.value;
  const call = LANGUAGES[language]({ recipe: request, origin: base, hasKey: key.value !== '' });
  return (
    <>
      <p class="lead">
        The request of the Create view as an API call. Full reference: <a href="docs">API document</a>.
      </p>
      <fieldset class="choices pills languages">
        <legend class="unseen">Language</legend>
        {(Object.keys(LANGUAGES) as Language[]).map((name) => (
          <label key={name}>
            <input
              type="radio"
              name="language"
              class="unseen"
              checked={language === name}
              onChange={() => setLanguage(name)}
            />
            <span>{name}</span>
          </label>
        ))}
      </fieldset>
      <Copyable text={call} label={`call in ${language}`} block />
      {needsPictures(request) && (
        <p class="hint">Replace the placeholders with your pictures: base64, or a data URL.</p>
      )}
    </>
  );
}
