/** The Tree view: all codes of a model as a tree, from the mean of all pictures to single ones. */
import './tree.css';
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { ModelAnswer } from '../../../client/client.ts';
import { ModelField } from '../../parts/model-field.tsx';
import { Picture } from '../../parts/picture.tsx';
import { announce } from '../../state/announce.ts';
import { modelNamed, models } from '../../state/catalogue.ts';
import type { ViewProps } from '../../view-props.ts';
import { Children } from './children.tsx';
import { addressOfPlace, inCreate } from './links.ts';
import { Mean } from './mean.tsx';
import { codeAt, finishedAt, numberOfCodes, type Path, parsePath } from './place.ts';

/** The model shown first: small enough to browse completely. */
const FIRST_MODEL = 'digits-32';
const LARGE = 320;
const looksAhead = signal(false);

export default function Tree({ params }: ViewProps) {
  const wanted = params.get('model') ?? FIRST_MODEL;
  const named = modelNamed(wanted);
  const model = named?.condition === null ? named : modelNamed(undefined);
  if (!model) return <h1>All pictures of a model</h1>;
  const path = parsePath(params.get('at'), model);
  return (
    <div class="tree">
      <header class="stack">
        <h1>All pictures of a model</h1>
        <p class="lead">
          The pictures of a model form a tree. Its root is the mean of all pictures; each of its {model.levels.length}{' '}
          levels has {spreadOf(model)} branches per node, {numberOfCodes(model)} pictures in total. Descend a branch to
          see what its pictures have in common.
        </p>
      </header>
      <Explorer key={model.hash} model={model} path={path} />
    </div>
  );
}

/** Number of candidates per level, formatted. */
function spreadOf({ levels }: ModelAnswer): string {
  const counts = levels.map(({ candidates }) => candidates);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? String(most) : `${least} to ${most}`;
}

interface PlaceProps {
  readonly model: ModelAnswer;
  readonly path: Path;
}

function Explorer({ model, path }: PlaceProps) {
  const last = useRef<Path | null>(null);
  const previous = last.current;
  const place = path.join('.');
  const go = (to: Path) => {
    location.hash = addressOfPlace(model.name, to);
  };
  useEffect(() => {
    if (last.current) announce(describePlace(model, path));
    last.current = path;
  }, [place]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const isField = event.target instanceof HTMLElement && event.target.matches('input, select, textarea');
      if (event.key !== 'Backspace' || isField || path.length === 0) return;
      event.preventDefault();
      go(path.slice(0, -1));
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [place]);
  const isLeaf = path.length === model.levels.length;
  const parent = isLeaf ? path.slice(0, -1) : path;
  const wentUp = previous !== null && previous.length > path.length;
  const current = isLeaf ? (path.at(-1) ?? null) : wentUp ? (previous[path.length] ?? null) : null;
  const size = (model.levels[parent.length]?.candidates ?? 0) > 16 ? 96 : 160;
  return (
    <>
      <Crumbs model={model} path={path} />
      <div class="tree-here">
        <Here model={model} path={path} size={size} />
        <div class="stack tree-below">
          <h2>{isLeaf ? 'Neighbours' : `Level ${path.length + 1} of ${model.levels.length}`}</h2>
          <Children
            key={parent.join('.')}
            model={model}
            path={parent}
            size={size}
            current={current}
            onEnter={(choice) => go([...parent, choice])}
            looksAhead={looksAhead.value && !isLeaf}
            takesFocus={previous !== null}
          />
          <p class="hint">Keys: arrows move, Enter goes down, Backspace up.</p>
          <Options name={model.name} isLeaf={isLeaf} />
        </div>
      </div>
    </>
  );
}

function describePlace({ levels }: ModelAnswer, path: Path): string {
  if (path.length === levels.length) return 'A finished picture';
  return `Level ${path.length + 1} of ${levels.length}, ${levels[path.length]?.candidates} choices`;
}

function Crumbs({ model, path }: PlaceProps) {
  return (
    <nav class="crumbs" aria-label="Path from the root">
      <ol>
        <li>
          <a href={addressOfPlace(model.name, [])} aria-current={path.length === 0 ? 'page' : undefined}>
            the mean
          </a>
        </li>
        {path.map((choice, n) => {
          const to = path.slice(0, n + 1);
          return (
            <li key={n}>
              <a
                href={addressOfPlace(model.name, to)}
                aria-current={n === path.length - 1 ? 'page' : undefined}
                aria-label={`Level ${n + 1}, choice ${choice + 1}`}
              >
                <Picture model={model.name} hash={model.hash} code={codeAt(to, model)} level={n} size={64} alt="" />
                {choice + 1}
              </a>
            </li>
          );
        })}
      </ol>
    </nav>
  );
}

function Here({ model, path, size }: PlaceProps & { readonly size: number }) {
  const { name, hash, levels } = model;
  const isLeaf = path.length === levels.length;
  const picture = { model: name, hash, size: LARGE };
  return (
    <div class="tree-now">
      {path.length === 0 ? (
        <Mean model={model} size={size} alt="The mean of all pictures" />
      ) : (
        <Picture {...picture} code={codeAt(path, model)} level={path.length - 1} alt="The current node" />
      )}
      {!isLeaf && (
        <div class="tree-ahead">
          <Picture {...picture} size={96} code={finishedAt(path, model)} alt="A finished picture below this node" />
          <span class="hint">a finished picture below this node</span>
        </div>
      )}
      <div class="row">
        <a class="button" href={inCreate(path, model)}>
          {isLeaf ? 'Open in Create' : 'Open one in Create'}
        </a>
        {path.length > 0 && (
          <a class="button quiet" href={addressOfPlace(name, path.slice(0, -1))}>
            Up
          </a>
        )}
      </div>
    </div>
  );
}

function Options({ name, isLeaf }: { readonly name: string; readonly isLeaf: boolean }) {
  return (
    <div class="tree-options">
      {models.value.length > 1 && (
        <ModelField
          value={name}
          onChange={(to) => {
            location.hash = addressOfPlace(to, []);
          }}
        />
      )}
      {!isLeaf && (
        <label class="tree-check">
          <input
            type="checkbox"
            checked={looksAhead.value}
            onChange={(event) => {
              looksAhead.value = event.currentTarget.checked;
            }}
          />
          Show a finished picture for each choice
        </label>
      )}
    </div>
  );
}
