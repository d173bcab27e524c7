/** Description of the selected model, completions of the word being typed, and alternatives for unknown words. */
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { Lexicon, type LexiconParts } from '../../../kit/lexicon.ts';
import { modelNamed } from '../../state/catalogue.ts';
import { client } from '../../state/server.ts';
import { prompt, recipe, setPrompt } from './form.ts';

const lexicons = signal<ReadonlyMap<string, Lexicon | null>>(new Map());
const MAX_SUGGESTED = 4;

export function Words() {
  const model = modelNamed(recipe.value.model);
  useEffect(() => {
    if (model) void load(model.name);
  }, [model?.name]);
  if (!model) return null;
  const lexicon = lexicons.value.get(model.name);
  const text = prompt.value;
  const reading = lexicon?.read(text);
  return (
    <div class="words">
      <p class="hint">
        {model.title}: {model.description}
        {model.textModels.length === 0 && ' It does not support prompts: add a guide, or choose another model.'}
      </p>
      {lexicon && text === '' && <Offers label="It knows" texts={lexicon.offers('')} onPick={append} />}
      {lexicon && text !== '' && (
        <Offers label="Such as" texts={lexicon.completions(text, MAX_SUGGESTED)} onPick={complete} />
      )}
      {[...(reading?.replaced ?? [])].map(([word, known]) => (
        <p key={word} class="hint">
          “{word}” is read as “{known}”.
        </p>
      ))}
      {reading?.unknown.map((word) => (
        <div key={word} class="wrong" role="status">
          Unknown word: this model does not know “{word}”.
          <Offers label="It knows" texts={lexicon?.offers(word) ?? []} onPick={(known) => replace(word, known)} />
        </div>
      ))}
    </div>
  );
}

/** Whether a note of the response says what is shown beside the prompt already. */
export function isShownByWords(note: string): boolean {
  const name = modelNamed(recipe.value.model)?.name ?? '';
  return Boolean(lexicons.value.get(name)) && /^text: the text model (?:reads|does not know) /.test(note);
}

interface OffersProps {
  readonly label: string;
  readonly texts: readonly string[];
  onPick(text: string): void;
}

function Offers({ label, texts, onPick }: OffersProps) {
  if (texts.length === 0) return null;
  return (
    <p class="row offers">
      <span class="hint">{label}</span>
      {texts.map((text) => (
        <button key={text} type="button" class="quiet" onClick={() => onPick(text)}>
          {text}
        </button>
      ))}
    </p>
  );
}

function append(text: string): void {
  setPrompt(prompt.value === '' ? `a person with ${text}` : `${prompt.value}, ${text}`);
}

/** Replaces the word that is being typed. */
function complete(text: string): void {
  setPrompt(prompt.value.replace(/\S*$/, text));
}

function replace(word: string, known: string): void {
  const at = prompt.value.toLowerCase().indexOf(word);
  if (at >= 0) setPrompt(prompt.value.slice(0, at) + known + prompt.value.slice(at + word.length));
}

/** If the vocabulary cannot be loaded, the page works without it: the response's notes still list unknown words. */
async function load(model: string): Promise<void> {
  if (lexicons.value.has(model)) return;
  try {
    const { textModel, ...parts } = await client.value.words(model);
    const lexicon = textModel === null ? null : new Lexicon(parts satisfies LexiconParts);
    lexicons.value = new Map([...lexicons.value, [model, lexicon]]);
  } catch {
    // Retried when the model is selected again.
  }
}
