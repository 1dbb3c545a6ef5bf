// One Ctrl-C often arrives twice: from the terminal, and once more through npx or tsx.
const ECHO_MS = 1000

/** A signal that fires on Ctrl-C and on SIGTERM, or on those given. Whoever asks again a while later gets their way at once. */
export function onInterrupt (signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM']): AbortSignal {
  const controller = new AbortController()
  let first: number | undefined
  const stop = () => {
    first ??= performance.now()
    if (performance.now() - first > ECHO_MS) process.exit(130)
    controller.abort()
  }
  for (const name of signals) process.on(name, stop)
  return controller.signal
}

/** A signal that fires then, and when nobody reads our lines any more (`| head`). */
export function onInterruptOrSilence (): AbortSignal {
  const controller = new AbortController()
  process.stdout.on('error', () => { controller.abort() })
  return AbortSignal.any([onInterrupt(), controller.signal])
}
