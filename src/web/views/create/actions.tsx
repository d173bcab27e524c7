/** Actions on the selected picture. */
import { Copyable, CopyButton } from '../../parts/copyable.tsx';
import { downloadPicture, pictureFile } from '../../parts/download.ts';
import { readAsUrl } from '../../parts/picture-field.tsx';
import { models } from '../../state/catalogue.ts';
import { parseCode } from '../../state/code.ts';
import type { SavedPicture } from '../../state/history.ts';
import { shareUrl } from '../../state/share.ts';
import { crossing } from './crossing.ts';
import { change, LIKE, prompt, recipe } from './form.ts';
import { current, generate, isRunning, live, scrubbed, selected } from './session.ts';

/** Largest side at which "More like this" targets the picture; finer levels are unconstrained. */
const LIKE_TO_SIDE = 16;
const LIKE_TOP = 3;
const LIKE_COUNT = 4;

/** @param notes of the response */
export function Actions({ notes }: { readonly notes: readonly string[] }) {
  const saved = current.value;
  if (isRunning.value) return <Notes notes={notes} />;
  if (!saved)
    return (
      <>
        <Continue />
        <Notes notes={notes} />
      </>
    );
  const levels = models.value.find(({ name }) => name === saved.model)?.levels ?? [];
  const level = scrubbed.value ?? Math.floor(levels.length / 3);
  return (
    <div class="actions">
      <div class="row">
        <button type="button" onClick={() => void moreLike(saved)}>
          More like this
        </button>
        <button type="button" disabled={levels.length === 0} onClick={() => void varyFrom(saved, level)}>
          Vary from level {level + 1}
        </button>
        <button
          type="button"
          aria-pressed={crossing.value?.id === saved.id}
          onClick={() => {
            crossing.value = crossing.value?.id === saved.id ? null : saved;
          }}
        >
          Cross with …
        </button>
        <button type="button" onClick={() => void downloadPicture(saved)}>
          Download
        </button>
      </div>
      <Notes notes={notes} />
      <p class="hint">
        {scrubbed.value === null
          ? 'Select a level on the slider to vary the picture from there.'
          : `The first ${level + 1} levels are kept, the rest is generated again.`}
      </p>
      <dl class="facts">
        <dt>link</dt>
        <dd class="row">
          <CopyButton text={shareUrl(saved)} label="link" />
          <span class="hint">contains the picture's code and all settings</span>
        </dd>
        <dt>code</dt>
        <dd>
          <Copyable text={saved.codeString} label="code" />
        </dd>
        {saved.recipe.seed !== null && (
          <>
            <dt>seed</dt>
            <dd>
              <Copyable text={String(saved.recipe.seed)} label="seed" />
            </dd>
          </>
        )}
      </dl>
    </div>
  );
}

function Notes({ notes }: { readonly notes: readonly string[] }) {
  if (notes.length === 0) return null;
  return (
    <div class="notes">
      {notes.map((note) => (
        <p key={note} class="hint">
          {note}
        </p>
      ))}
    </div>
  );
}

/** Continues a stopped picture. */
function Continue() {
  const run = live.value;
  const code = run?.slots.value[selected.value]?.code;
  if (run?.state.value !== 'stopped' || !code || code.length === 0) return null;
  const resume = () => {
    change({ count: 1, prefix: [...code] });
    void generate(recipe.value);
  };
  return (
    <div>
      <button type="button" onClick={resume}>
        Continue from level {code.length}
      </button>
    </div>
  );
}

/** Coarse shapes and colours follow the picture, fine ones are unconstrained; the prompt still applies. */
async function moreLike(saved: SavedPicture): Promise<void> {
  const image = await readAsUrl(await pictureFile(saved));
  const others = saved.recipe.guides.filter(({ name }) => name !== LIKE);
  const { prefix: _, ...rest } = saved.recipe;
  recipe.value = {
    ...rest,
    seed: null,
    count: Math.max(LIKE_COUNT, rest.count),
    sampler: { ...rest.sampler, top: LIKE_TOP },
    guides: [...others, { name: LIKE, weight: 1, params: { image, toSide: LIKE_TO_SIDE } }],
  };
  await generate(recipe.value);
}

async function varyFrom(saved: SavedPicture, level: number): Promise<void> {
  const levels = models.value.find(({ name }) => name === saved.model)?.levels ?? [];
  const code = parseCode(saved.codeString, levels);
  if (!code) return;
  const words = prompt.value ? recipe.value.guides : saved.recipe.guides;
  change({ model: saved.model, guides: words, seed: null, prefix: code.slice(0, level + 1) });
  await generate(recipe.value);
}
