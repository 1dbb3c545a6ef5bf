/** An element of the page that is there, and is of this kind. */
export function find<E extends HTMLElement> (id: string, kind: new () => E): E {
  const element = document.getElementById(id)
  if (!(element instanceof kind)) throw new TypeError(`The page has no ${kind.name} \`${id}\``)
  return element
}

export function make<Name extends keyof HTMLElementTagNameMap> (name: Name, className: string, ...children: HTMLElement[]): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name)
  if (className !== '') element.className = className
  element.append(...children)
  return element
}

/** Touches the page only if it says something else. */
export function write (element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** Calls back once before the next picture, however often it is asked to. */
export function oncePerFrame (paint: () => void): () => void {
  let isDue = false
  return () => {
    if (isDue) return
    isDue = true
    requestAnimationFrame(() => {
      isDue = false
      paint()
    })
  }
}

/** Shows fields in a list of terms, and keeps its elements. */
export function fillTerms (list: HTMLElement, fields: readonly (readonly [name: string, text: string])[]): void {
  while (list.children.length > fields.length) list.lastElementChild?.remove()
  fields.forEach(([name, text], place) => {
    const row = list.children[place] ?? list.appendChild(make('div', '', make('dt', ''), make('dd', '')))
    const [term, description] = row.children as unknown as HTMLElement[]
    write(term, name)
    write(description, text)
  })
}
