/** The Choose view: a person as the guide, who picks one of the candidates at each level. */
import './choose.css';
import { useEffect } from 'preact/hooks';
import { ErrorNote } from '../../parts/error-note.tsx';
import { Before } from './before.tsx';
import { Ending } from './ending.tsx';
import { QuestionSheet } from './question-sheet.tsx';
import { begin, phase, resume, run } from './session.ts';
import { Trail } from './trail.tsx';

export default function Choose() {
  const now = phase.value;
  useEffect(resume, []);
  return (
    <div class="choose">
      <ErrorNote error={run.value?.error.value ?? null} onRetry={begin} />
      {(now === 'before' || now === 'failed') && <Before />}
      {(now === 'choosing' || now === 'paused') && <QuestionSheet />}
      {(now === 'finishing' || now === 'done') && <Ending />}
      <Trail />
    </div>
  );
}
