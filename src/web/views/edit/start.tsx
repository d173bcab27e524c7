/** Start and stop button; below the canvas, if there is one. */
import { current, isRunning, mode, plan } from './session.ts';

export function Start() {
  const missing = typeof plan.value === 'string' ? plan.value : null;
  return (
    <div class="row edit-start">
      {isRunning.value ? (
        <button type="button" class="main" onClick={() => current.value?.run.stop()}>
          Stop
        </button>
      ) : (
        <button type="submit" form="edit-form" class="main" disabled={missing !== null}>
          {mode.value.button}
        </button>
      )}
      <span class="hint">{isRunning.value ? '' : (missing ?? '')}</span>
    </div>
  );
}
