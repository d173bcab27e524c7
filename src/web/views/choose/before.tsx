import { PACES, questionsOf } from './pace.ts';
import { begin, levels, pace, words } from './session.ts';

export function Before() {
  const start = (event: Event) => {
    event.preventDefault();
    begin();
  };
  return (
    <form class="choose-before" onSubmit={start}>
      <h1>You choose.</h1>
      <p class="lead">
        Start with nine coarse pictures and pick one. The next nine are generated from it, each time a little sharper,
        until the picture is finished.
      </p>
      <fieldset class="choices pace">
        <legend>How many choices?</legend>
        {PACES.map((one) => (
          <label key={one.name}>
            <input
              type="radio"
              name="pace"
              checked={pace.value === one}
              onChange={() => {
                pace.value = one;
              }}
            />
            <span>
              {one.name} <small>{levels.value.length > 0 && questionsOf(one, levels.value)}</small>
            </span>
          </label>
        ))}
      </fieldset>
      <Words label="Prompt for the levels between your choices (optional)" />
      <div>
        <button type="submit" class="main">
          Begin
        </button>
      </div>
    </form>
  );
}

export function Words({ label }: { readonly label: string }) {
  return (
    <div class="field">
      <label for="choose-words">{label}</label>
      <input
        id="choose-words"
        type="text"
        maxlength={500}
        value={words.value}
        placeholder="none: at random"
        onInput={(event) => {
          words.value = event.currentTarget.value;
        }}
      />
    </div>
  );
}
