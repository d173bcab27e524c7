/** A canvas to paint on, with pointer or keyboard. */
import './board.css';
import { useEffect, useRef, useState } from 'preact/hooks';
import { announce } from '../../state/announce.ts';
import { BARE, type Place } from './layer.ts';
import type { Painting } from './painting.ts';
import { pixelsOf } from './pictures.ts';

export interface BoardProps {
  readonly painting: Painting;
  /** Picture below, if any. */
  readonly below: string | null;
  readonly label: string;
  /** Whether the paint is translucent over the picture below. */
  readonly isGlass: boolean;
}

/** Step of an arrow key with Shift, and without, as a share of the longer side. */
const LARGE_STEP = 1 / 8;
const STEP = 1 / 64;
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export function Board({ painting, below, label, isGlass }: BoardProps) {
  const { width, height } = painting.layer.value;
  const [cursor, setCursor] = useState<Place | null>(null);
  const last = useRef<Place | null>(null);
  const placeOf = (event: PointerEvent): Place => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const at = (share: number, length: number) => Math.min(length - 0.01, Math.max(0, share * length));
    return {
      x: at((event.clientX - box.left) / box.width, width),
      y: at((event.clientY - box.top) / box.height, height),
    };
  };
  const onPointerDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    painting.begin();
    last.current = placeOf(event);
    painting.stroke(last.current, last.current);
  };
  const onPointerMove = (event: PointerEvent) => {
    const to = placeOf(event);
    setCursor(to);
    if (!last.current) return;
    painting.stroke(last.current, to);
    last.current = to;
  };
  const onPointerUp = () => {
    last.current = null;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const at = cursor ?? { x: Math.floor(width / 2) + 0.5, y: Math.floor(height / 2) + 0.5 };
    if (handleKey(event, painting, at, setCursor)) event.preventDefault();
  };
  return (
    <div
      class="board"
      style={{ aspectRatio: `${width} / ${height}` }}
      role="application"
      aria-label={label}
      tabIndex={0}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerUp}
      onPointerCancel={onPointerUp}
      onKeyDown={onKeyDown}
      aria-roledescription="painting surface"
      aria-describedby="board-keys"
      onPointerLeave={() => setCursor(null)}
      onFocus={(event) => {
        if (event.currentTarget.matches(':focus-visible') && !cursor) setCursor({ x: width / 2, y: height / 2 });
      }}
      onBlur={() => setCursor(null)}
    >
      {below && <img src={below} alt="" draggable={false} />}
      <Paint painting={painting} isGlass={isGlass} />
      {cursor && (
        <svg viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
          <circle class="brush-outer" cx={cursor.x} cy={cursor.y} r={painting.size.value / 2} />
          <circle class="brush-inner" cx={cursor.x} cy={cursor.y} r={painting.size.value / 2} />
        </svg>
      )}
    </div>
  );
}

/** @returns whether the key was handled */
function handleKey(event: KeyboardEvent, painting: Painting, at: Place, moveTo: (place: Place) => void): boolean {
  const { width, height } = painting.layer.value;
  const longer = Math.max(width, height);
  const step = Math.max(1, Math.round(longer * STEP));
  if (event.ctrlKey || event.metaKey) return handleCommand(event, painting);
  const arrow = ARROWS[event.key];
  if (arrow) {
    const length = event.shiftKey ? Math.max(1, Math.round(longer * LARGE_STEP)) : step;
    const clamped = (value: number, size: number) => Math.min(size - 0.5, Math.max(0.5, value));
    const to = { x: clamped(at.x + length * arrow[0], width), y: clamped(at.y + length * arrow[1], height) };
    moveTo(to);
    announce(`column ${Math.ceil(to.x)}, row ${Math.ceil(to.y)}, ${isPainted(painting, to) ? 'painted' : 'empty'}`);
  } else if (event.key === ' ' || event.key === 'Enter') {
    painting.begin();
    painting.stroke(at, at);
    moveTo(at);
    announce(painting.isErasing.value ? 'erased' : 'painted');
  } else if (event.key === '+' || event.key === '-') {
    const size = painting.size.value + (event.key === '+' ? step : -step);
    painting.size.value = Math.min(longer / 2, Math.max(1, size));
    announce(`brush ${painting.size.value}`);
  } else if (event.key === 'e' || event.key === 'E') {
    painting.isErasing.value = !painting.isErasing.value;
    announce(painting.isErasing.value ? 'eraser' : 'brush');
  } else return false;
  return true;
}

function handleCommand({ key, shiftKey }: KeyboardEvent, painting: Painting): boolean {
  const name = key.toLowerCase();
  if (name === 'y' || (name === 'z' && shiftKey)) painting.redo();
  else if (name === 'z') painting.undo();
  else return false;
  return true;
}

function isPainted({ layer }: Painting, { x, y }: Place): boolean {
  const { width, dots } = layer.value;
  return dots[Math.floor(y) * width + Math.floor(x)] !== BARE;
}

function Paint({ painting, isGlass }: Pick<BoardProps, 'painting' | 'isGlass'>) {
  const ref = useRef<HTMLCanvasElement>(null);
  const layer = painting.layer.value;
  useEffect(() => {
    // Only putImageData is used, which is fast in CPU memory.
    const brush = ref.current?.getContext('2d', { willReadFrequently: true });
    if (layer.width > 0) brush?.putImageData(new ImageData(pixelsOf(layer).data, layer.width, layer.height), 0, 0);
  }, [layer]);
  return <canvas ref={ref} width={layer.width} height={layer.height} class={isGlass ? 'glass' : ''} />;
}
