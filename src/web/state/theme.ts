/** Theme: light, dark, or that of the system. */
import { effect, signal } from '@preact/signals';
import { keep, stored } from './storage.ts';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

export const theme = signal<Theme>(THEMES.find((name) => name === stored('theme')) ?? 'system');

effect(() => {
  document.documentElement.dataset.theme = theme.value;
  keep('theme', theme.value);
});
