import { addressOf, route } from '../state/router.ts';
import { THEMES, type Theme, theme } from '../state/theme.ts';
import { views } from '../views.ts';

const SIGNS: Readonly<Record<Theme, string>> = { system: '◐', light: '○', dark: '●' };

export function Header() {
  return (
    <header class="header">
      <a class="wordmark" href={addressOf('create')}>
        Kandid
      </a>
      <nav class="nav" aria-label="Views">
        {views.map(({ name, title }) => (
          <a key={name} href={addressOf(name)} aria-current={route.value.view === name ? 'page' : undefined}>
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
