/** Draws the nodes as dots: nodes that were just split are coloured, pruned ones are shown as rings. */
import { useEffect, useRef } from 'preact/hooks';
import { theme } from '../../state/theme.ts';
import { before, frame } from './session.ts';

const SIDE = 720;
const DOT = 2.6;
const RING = 6;

export function Dots() {
  const ref = useRef<HTMLCanvasElement>(null);
  const shown = frame.value;
  const currentTheme = theme.value;
  useEffect(() => {
    const brush = ref.current?.getContext('2d');
    if (!brush || !shown) return;
    const { color, borderColor } = getComputedStyle(brush.canvas);
    brush.clearRect(0, 0, SIDE, SIDE);
    brush.fillStyle = color;
    each(shown.points, null, (x, y) => disc(brush, x, y, DOT));
    brush.fillStyle = borderColor;
    each(shown.points, shown.split, (x, y) => disc(brush, x, y, 1.6 * DOT));
    brush.strokeStyle = borderColor;
    if (before.value) each(before.value.points, shown.pruned, (x, y) => ring(brush, x, y));
  }, [shown, currentTheme]);
  const label = shown ? `${shown.points.length / 2} nodes after ${shown.step} steps` : 'Nodes';
  return <canvas ref={ref} class="toy-dots" width={SIDE} height={SIDE} role="img" aria-label={label} />;
}

/** @param which indices of points; null: all */
function each(points: Float64Array, which: readonly number[] | null, draw: (x: number, y: number) => void): void {
  for (const n of which ?? Array.from({ length: points.length / 2 }, (_, i) => i))
    draw((points[2 * n] ?? 0) * SIDE, (points[2 * n + 1] ?? 0) * SIDE);
}

function disc(brush: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  brush.beginPath();
  brush.arc(x, y, radius, 0, 2 * Math.PI);
  brush.fill();
}

function ring(brush: CanvasRenderingContext2D, x: number, y: number): void {
  brush.beginPath();
  brush.arc(x, y, RING, 0, 2 * Math.PI);
  brush.stroke();
}
