/** Words and other guides in, pictures out, seen on their way. */
import './create.css';
import type { ViewProps } from '../../views.ts';
import { prompt, recipe, setPrompt } from './form.ts';
import { generate, isRunning, live } from './session.ts';
import { Stage } from './stage.tsx';

export default function Create(_: ViewProps) {
  const submit = (event: Event) => {
    event.preventDefault();
    void generate(recipe.value);
  };
  return (
    <div class="create">
      <form class="stack" onSubmit={submit}>
        <h1>What should it look like?</h1>
        <textarea
          {...{ class: 'prompt', rows: 2, 'aria-label': 'Prompt', value: prompt.value }}
          placeholder="a woman with long red hair and sunglasses"
          onInput={(event) => setPrompt(event.currentTarget.value)}
        />
        {isRunning.value ? (
          <button type="button" onClick={() => live.value?.stop()}>
            Stop
          </button>
        ) : (
          <button type="submit" class="main">
            Generate
          </button>
        )}
      </form>
      <Stage />
    </div>
  );
}
