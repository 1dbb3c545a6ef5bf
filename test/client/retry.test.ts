import t from 'tap'
import { type End, Retry, type RetryOptions } from '../../src/client/retry.ts'

function build (options: Partial<RetryOptions> = {}): Retry {
  return new Retry({ firstRetryMs: 1000, maxRetryMs: 30_000, random: () => 0.5, renewable: false, ...options })
}

function end (code: number, retryMs?: number): End {
  return { code, reason: '', retryMs }
}

t.test('a server that is not there is asked again after ever longer, up to a limit', async (t) => {
  const retry = build()
  t.strictSame(Array.from({ length: 8 }, () => retry.after(end(1006), 0)), [500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000])
})

t.test('no two clients come back in step, and none at once', async (t) => {
  t.equal(build({ random: () => 0.9 }).after(end(1006), 0), 900)
  t.equal(build({ random: () => 0 }).after(end(1006), 0), 100)
})

t.test('a connection that was good for a while is forgiven its end', async (t) => {
  const retry = build()
  retry.after(end(1006), 0)
  retry.after(end(1006), 0)
  retry.ready(10_000)
  t.equal(retry.after(end(1006), 14_999), 2000)
  retry.ready(20_000)
  t.equal(retry.after(end(1006), 25_000), 500)
  t.equal(retry.after(end(1006), 60_000), 1000, 'there was none since')
})

t.test('codes from 4000 to 4099 say stop', async (t) => {
  for (const code of [4000, 4001, 4003, 4009, 4099]) t.equal(build().after(end(code, 100), 0), undefined, String(code))
})

t.test('codes from 4100 to 4199 say back off, and so do those that are not ours', async (t) => {
  for (const code of [4100, 4108, 4129, 4199, 4300, 1000, 1001, 1005, 1006, 1011]) t.equal(build().after(end(code), 0), 500, String(code))
})

t.test('codes from 4200 to 4299 say now, but not again and again', async (t) => {
  for (const code of [4200, 4201, 4203, 4212, 4299]) {
    const retry = build()
    t.strictSame([retry.after(end(code), 0), retry.after(end(code), 0), retry.after(end(code), 0)], [0, 1000, 2000], String(code))
    retry.ready(0)
    t.equal(retry.after(end(code), 5000), 0)
  }
})

t.test('a server that wants to be asked at once, or in no time that there is, is left alone for a while', async (t) => {
  for (const retryMs of [0, -5, 99, NaN]) t.equal(build().after(end(4201, retryMs), 0), 100, String(retryMs))
})

t.test('a server that says when to come back is left alone for so long', async (t) => {
  t.equal(build().after(end(1001, 12_300), 0), 12_300)
  t.equal(build().after(end(4100, 60_000), 0), 60_000)
})

t.test('a refused token is tried once anew, if there is another to be had', async (t) => {
  const retry = build({ renewable: true })
  t.equal(retry.after(end(4001), 0), 0)
  t.equal(retry.after(end(4001), 0), undefined)
  retry.ready(0)
  t.equal(retry.after(end(4001), 1), 0, 'it had been let in since')
  t.equal(retry.after(end(4003), 1), undefined)
})
