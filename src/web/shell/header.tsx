import { useEffect, useRef } from 'preact/hooks';
import { addressOf, route } from '../state/router.ts';
import { THEMES, type Theme, theme } from '../state/theme.ts';
import { viewNamed, views } from '../views.ts';

const SIGNS: Readonly<Record<Theme, string>> = { system: '◐', light: '○', dark: '●' };

export function Header() {
  const now = viewNamed(route.value.view)?.name;
  const nav = useRef<HTMLElement>(null);
  // On narrow screens the names of the views do not all fit.
  useEffect(() => nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' }), [now]);
  return (
    <header class="header">
      <a class="wordmark" href={addressOf('create')}>
        Kandid
      </a>
      <nav class="nav" aria-label="Views" ref={nav}>
        {views.map(({ name, title }) => (
          <a key={name} href={addressOf(name)} aria-current={now === name ? 'page' : undefined}>
            {title}
          </a>
        ))}
      </nav>
      <ThemeSwitch />
    </header>
  );
}

function ThemeSwitch() {
  const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'system';
  const turn = () => {
    theme.value = next;
  };
  return (
    <button type="button" class="theme" aria-label={`Theme: ${theme}. Change to ${next}`} onClick={turn}>
      <span aria-hidden="true">{SIGNS[theme.value]}</span>
    </button>
  );
}
