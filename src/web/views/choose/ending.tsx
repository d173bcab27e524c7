/** The last step: the remaining levels are chosen automatically, then the finished picture is shown. */
import { Copyable, CopyButton } from '../../parts/copyable.tsx';
import { downloadPicture as download } from '../../parts/download.ts';
import { shareUrl } from '../../state/share.ts';
import { begin, finishDifferently, levels, phase, run, saved, trail } from './session.ts';

export function Ending() {
  const slot = run.value?.slots.value[0];
  const url = slot?.final ?? slot?.latest?.url;
  const isDone = phase.value === 'done';
  return (
    <section class="ending" aria-label="Your picture">
      {url ? (
        <img class="picture" src={url} alt="Result of your choices" draggable={false} />
      ) : (
        <span class="picture" role="img" aria-label="Your picture, not started" />
      )}
      <div class="stack">
        <h1>{isDone ? 'Yours.' : 'Finishing …'}</h1>
        {isDone ? <Facts /> : <Progress />}
      </div>
    </section>
  );
}

function Progress() {
  return (
    <p class="soft">
      level {(run.value?.level.value ?? 0) + 1} of {levels.value.length}
    </p>
  );
}

function Facts() {
  const one = saved.value;
  if (!one) return null;
  const clicks = trail.value.length;
  const link = shareUrl(one);
  return (
    <>
      <p class="lead">
        {clicks} {clicks === 1 ? 'choice' : 'choices'} by you, {levels.value.length - clicks} automatic: one picture out
        of {levels.value[0]?.candidates ?? 0}
        <sup>{levels.value.length}</sup>.
      </p>
      <div class="row">
        <a class="button" href={link}>
          Open in Create
        </a>
        <button type="button" onClick={() => void download(one)}>
          Download
        </button>
        <CopyButton text={link} label="link" />
      </div>
      <Copyable text={one.codeString} label="code" />
      <div class="row">
        <button type="button" class="main" onClick={begin}>
          Start over
        </button>
        <button type="button" onClick={finishDifferently}>
          Finish differently
        </button>
      </div>
    </>
  );
}
