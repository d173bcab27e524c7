import { useEffect, useRef } from 'preact/hooks';
import { addressOf, route } from '../state/router.ts';
import { THEMES, type Theme, theme } from '../state/theme.ts';
import { viewNamed, views } from '../views.ts';

const ICONS: Readonly<Record<Theme, string>> = { system: '◐', light: '○', dark: '●' };

export function Header() {
  const current = viewNamed(route.value.view)?.name;
  const nav = useRef<HTMLElement>(null);
  // Narrow screens do not show all views at once.
  useEffect(() => nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' }), [current]);
  return (
    <header class="header">
      <a class="wordmark" href={addressOf('create')}>
        Kandid
      </a>
      <nav class="nav" aria-label="Views" ref={nav}>
        {views.map(({ name, title }) => (
          <a key={name} href={addressOf(name)} aria-current={current === name ? 'page' : undefined}>
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
  const change = () => {
    theme.value = next;
  };
  return (
    <button type="button" class="theme" aria-label={`Theme: ${theme}. Change to ${next}`} onClick={change}>
      <span aria-hidden="true">{ICONS[theme.value]}</span>
    </button>
  );
}
