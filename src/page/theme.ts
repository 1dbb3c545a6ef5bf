const THEMES = ['system', 'light', 'dark'] as const
const KEPT_AS = 'kline-push theme'

/** Lets a button choose between light and dark, or what the system has; the function that comes back takes who is to hear of other colours. */
export function offerThemes (button: HTMLButtonElement): (listener: () => void) => void {
  const listeners: (() => void)[] = []
  const tell = (): void => { for (const listener of listeners) listener() }
  let theme = THEMES.find((theme) => theme === localStorage.getItem(KEPT_AS)) ?? 'system'
  const apply = (): void => {
    if (theme === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = theme
    button.textContent = `Theme: ${theme}`
    tell()
  }
  apply()
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', tell)
  button.addEventListener('click', () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]
    localStorage.setItem(KEPT_AS, theme)
    apply()
  })
  return (listener) => { listeners.push(listener) }
}

/** A colour of the style sheet as it is now, such as `--up`. */
export function colour (name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name)
}
