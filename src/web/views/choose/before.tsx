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
        It begins with nine smudges of colour. Pick the one that you like; what you picked grows into the next nine, a
        little sharper each time, until it is a face that is yours alone.
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
      <Words label="Words that decide between your choices, if you like" />
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
        placeholder="none: chance decides"
        onInput={(event) => {
          words.value = event.currentTarget.value;
        }}
      />
    </div>
  );
}
