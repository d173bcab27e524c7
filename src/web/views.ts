/** The views of the page, in the order of the navigation. Each is a folder of its own, loaded when it is first shown. */
import type { ComponentType } from 'preact';
import type { ViewProps } from './view-props.ts';

export interface View {
  /** In the address: `#/create`. */
  readonly name: string;
  readonly title: string;
  load(): Promise<{ default: ComponentType<ViewProps> }>;
}

export const views: readonly View[] = [
  { name: 'create', title: 'Create', load: () => import('./views/create/create.tsx') },
  { name: 'edit', title: 'Edit', load: () => import('./views/edit/edit.tsx') },
  { name: 'choose', title: 'Choose', load: () => import('./views/choose/choose.tsx') },
  { name: 'tree', title: 'Tree', load: () => import('./views/tree/tree.tsx') },
  { name: 'wall', title: 'Wall', load: () => import('./views/wall/wall.tsx') },
  { name: 'toy', title: 'Toy', load: () => import('./views/toy/toy.tsx') },
  { name: 'models', title: 'Models', load: () => import('./views/models/models.tsx') },
];

/** The view of a name; the first one if the name is unknown. */
export function viewNamed(wanted: string): View | undefined {
  return views.find(({ name }) => name === wanted) ?? views[0];
}
