import { byId, setText } from './dom.ts'

const THEMES = ['auto', 'light', 'dark'] as const
type Theme = (typeof THEMES)[number]

const NAME = 'model-monitoring-theme'
const WORDS: Readonly<Record<Theme, string>> = {
  auto: '◐ Auto',
  light: '○ Light',
  dark: '● Dark',
}

function storedTheme(): Theme {
  const stored = localStorage.getItem(NAME)
  return THEMES.find((theme) => theme === stored) ?? 'auto'
}

/** Colours as they were chosen here before, else as the system has them. Before anything is drawn. */
export function applyTheme(theme: Theme = storedTheme()): void {
  if (theme === 'auto') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
}

/** The button that goes from one theme to the next. */
export function watchTheme(): void {
  const button = byId('theme')
  const show = (theme: Theme): void => {
    setText(button, WORDS[theme])
    button.setAttribute('aria-label', `Colours: ${theme}. Change`)
    applyTheme(theme)
  }
  show(storedTheme())
  button.addEventListener('click', () => {
    const next = THEMES[(THEMES.indexOf(storedTheme()) + 1) % THEMES.length] ?? 'auto'
    if (next === 'auto') localStorage.removeItem(NAME)
    else localStorage.setItem(NAME, next)
    show(next)
  })
}
