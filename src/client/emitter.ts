type Listener<T> = (value: T) => void

/** Calls a listener; what it throws is thrown on its own, so that it hurts nobody else. */
export function tell<T> (listener: Listener<T>, value: T): void {
  try {
    listener(value)
  } catch (err) {
    queueMicrotask(() => { throw err })
  }
}

/** Events by name, each with one value. A listener may come and go while it is called. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<Listener<never>>>()

  on<Name extends keyof Events> (name: Name, listener: Listener<Events[Name]>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners.add(listener))
    return () => { listeners.delete(listener) }
  }

  emit<Name extends keyof Events> (name: Name, value: Events[Name]): void {
    for (const listener of (this.#listeners.get(name) ?? []) as Iterable<Listener<Events[Name]>>) tell(listener, value)
  }
}
