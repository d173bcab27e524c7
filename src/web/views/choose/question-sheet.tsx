/** The open question, and the picture so far. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { announce } from '../../state/announce.ts';
import type { Question } from '../../state/live.ts';
import { Words } from './before.tsx';
import { backTo, finishAutomatically, levels, phase, pick, resumePaused, run, trail } from './session.ts';
import { type Candidate, cutSheet } from './sheet.ts';

interface Shown {
  readonly question: Question;
  readonly candidates: readonly Candidate[];
}

const COLUMNS = 3;
/** Elements that keep their own keyboard input. */
const TYPING = 'input, textarea, select';

export function QuestionSheet() {
  const question = run.value?.question.value ?? null;
  const [shown, setShown] = useState<Shown | null>(null);
  const [picked, setPicked] = useState<number | null>(null);
  useEffect(() => {
    if (!question) return;
    let isCurrent = true;
    void cutSheet(question).then((candidates) => {
      if (!isCurrent) return;
      setShown({ question, candidates });
      setPicked(null);
      announce(
        `Level ${question.level + 1}, ${question.side} by ${question.side} pixels: ${question.count} pictures to choose from`,
      );
    });
    return () => {
      isCurrent = false;
    };
  }, [question]);
  const isOpen = shown !== null && shown.question === question;
  const choose = (index: number) => {
    if (!isOpen) return;
    setPicked(index);
    pick(index, index < 0 ? null : (shown.candidates[index]?.picture.toDataURL() ?? null));
  };
  useKeys(choose);
  if (phase.value === 'paused') return <Paused />;
  const level = shown?.question.level ?? 0;
  return (
    <section class="question" aria-label="Choose one">
      <div class="question-main">
        <header>
          <h1>Which one?</h1>
          <p class="soft">
            level {level + 1} of {levels.value.length} · {levels.value[level]?.side ?? 4} pixels wide
            {shown?.candidates[0]?.finish && ', shown as what they may become'}
          </p>
        </header>
        <Grid shown={shown} picked={picked} isOpen={isOpen} choose={choose} />
        <p class="hint keys">
          <kbd>1</kbd>–<kbd>9</kbd> pick · <kbd>0</kbd> no preference · <kbd>⌫</kbd> back · <kbd>M</kbd> finish
        </p>
      </div>
      <aside class="question-side">
        <SoFar />
        <div class="row">
          <button type="button" disabled={!isOpen} onClick={() => choose(-1)}>
            No preference
          </button>
          <button type="button" disabled={trail.value.length === 0} onClick={() => backTo(trail.value.length - 1)}>
            Back
          </button>
        </div>
        <div class="takeover card">
          <Words label="Choose the rest automatically, by a prompt or at random" />
          <button type="button" class="main" onClick={finishAutomatically}>
            Finish automatically
          </button>
        </div>
      </aside>
    </section>
  );
}

interface GridProps {
  readonly shown: Shown | null;
  readonly picked: number | null;
  readonly isOpen: boolean;
  choose(index: number): void;
}

function Grid({ shown, picked, isOpen, choose }: GridProps) {
  const count = shown?.candidates.length ?? COLUMNS ** 2;
  const move = (event: KeyboardEvent) => {
    const offset = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -COLUMNS, ArrowDown: COLUMNS }[event.key];
    const buttons = [...(event.currentTarget as HTMLElement).querySelectorAll('button')];
    const next = buttons[buttons.indexOf(document.activeElement as HTMLButtonElement) + (offset ?? 0)];
    if (offset === undefined || !next) return;
    event.preventDefault();
    next.focus();
  };
  return (
    <fieldset class={isOpen ? 'candidates' : 'candidates candidates-closed'} aria-label="Candidates" onKeyDown={move}>
      {Array.from({ length: count }, (_, n) => (
        <button
          key={n}
          type="button"
          class="candidate"
          aria-label={`Candidate ${n + 1}`}
          aria-pressed={picked === n}
          aria-disabled={!isOpen}
          onClick={() => choose(n)}
        >
          <CandidatePicture candidate={shown?.candidates[n] ?? null} />
          <span aria-hidden="true">{n + 1}</span>
        </button>
      ))}
    </fieldset>
  );
}

/** A preview of how the candidate is likely to continue, with the candidate in a corner: 4 × 4 pixels alone show little. */
function CandidatePicture({ candidate }: { readonly candidate: Candidate | null }) {
  if (!candidate?.finish) return <Canvas canvas={candidate?.picture ?? null} />;
  return (
    <>
      <Canvas canvas={candidate.finish} />
      <span class="candidate-now" title="As it is now">
        <Canvas canvas={candidate.picture} />
      </span>
    </>
  );
}

function Canvas({ canvas }: { readonly canvas: HTMLCanvasElement | null }) {
  const place = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    if (canvas) place.current?.replaceChildren(canvas);
  }, [canvas]);
  return <span class="picture" ref={place} />;
}

function SoFar() {
  const latest = run.value?.slots.value[0]?.latest;
  if (!latest) return <span class="picture so-far" role="img" aria-label="Nothing yet" />;
  return <img class="picture so-far" src={latest.url} alt="Result so far" draggable={false} />;
}

function Paused() {
  return (
    <section class="stack">
      <h1>Still there?</h1>
      <p class="lead">The question timed out. Nothing is lost: continue where you were.</p>
      <div>
        <button type="button" class="main" onClick={resumePaused}>
          Continue
        </button>
      </div>
    </section>
  );
}

function useKeys(choose: (index: number) => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target instanceof Element && event.target.matches(TYPING)) return;
      if (/^[0-9]$/.test(event.key)) choose(Number(event.key) - 1);
      else if (event.key === 'Backspace') backTo(trail.value.length - 1);
      else if (event.key.toLowerCase() === 'm') finishAutomatically();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  });
}
