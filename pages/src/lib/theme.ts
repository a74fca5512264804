/** Dark for rooms, light for daylight; the choice is kept in this browser. */

export type Theme = 'dark' | 'light';

const KEPT = 'saqta-theme';

export function keptTheme(): Theme {
  return localStorage.getItem(KEPT) === 'light' ? 'light' : 'dark';
}

export function wear(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
  localStorage.setItem(KEPT, theme);
}
