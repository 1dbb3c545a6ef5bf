const THEMES = ['system', 'light', 'dark'] as const
const KEPT_AS = 'kline-push theme'

/** Lets a button choose between light and dark, or what the system has; calls back when colours have changed. */
export function offerThemes (button: HTMLButtonElement, onChange: () => void): void {
  let theme = THEMES.find((theme) => theme === localStorage.getItem(KEPT_AS)) ?? 'system'
  const apply = (): void => {
    if (theme === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = theme
    button.textContent = `Theme: ${theme}`
    onChange()
  }
  apply()
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', onChange)
  button.addEventListener('click', () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]
    localStorage.setItem(KEPT_AS, theme)
    apply()
  })
}

/** A colour of the style sheet as it is now, such as `--up`. */
export function colour (name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name)
}
