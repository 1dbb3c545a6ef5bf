import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core' // of the project's root
import { OTHER_CORES, pinned, stepAside } from './machine/launch.mjs'
import { withServer } from './server.mjs'

// Whether the page stays smooth: 5,000 contracts, or as many as it is told, in its list and 50 bars a second for those that can be seen, while
// somebody looks, scrolls, searches and changes contract and period. Counts what the browser calls long tasks (of more
// than 50 ms, W3C Long Tasks API) and how many pictures it makes.

const CONTRACTS = Number(process.argv[2] ?? 5000)
const PER_POST = 10_000
const PER_SECOND = 50
const PHASE_MS = 10_000
const MINUTE = 60_000
const START = Date.UTC(2026, 0, 5)
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'

if (!existsSync(CHROMIUM)) throw new Error(`There is no Chromium at ${CHROMIUM}; set CHROMIUM`)
const symbols = Array.from({ length: CONTRACTS }, (_, place) => `c${String(place).padStart(6, '0')}`)

/** What somebody does meanwhile, again and again. */
const PHASES = {
  looks: async (page) => { await page.waitForTimeout(100) },
  scrolls: async (page) => {
    await page.mouse.move(150, 400)
    await page.mouse.wheel(0, Math.random() < 0.7 ? 900 : -700)
    await page.waitForTimeout(50)
  },
  searches: async (page) => {
    await page.locator('#search').fill('')
    await page.locator('#search').pressSequentially(String(Math.floor(Math.random() * CONTRACTS)), { delay: 60 })
  },
  'changes contract and period': async (page) => {
    await page.locator('#search').fill('')
    await page.locator('#list').press('ArrowDown')
    if (Math.random() < 0.3) await page.locator('#periods input').nth(Math.floor(Math.random() * 6)).check()
    await page.waitForTimeout(100)
  },
}

await withServer('ours', { env: { CLOSE_GRACE_MS: 'off', PAGE: 'on' } }, async ({ port }) => {
  stepAside()
  const url = `http://127.0.0.1:${port}`
  const post = async (minutes) => {
    const response = await fetch(`${url}/bars`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(minutes) })
    if (!response.ok) throw new Error(await response.text())
  }
  const next = new Map(symbols.map((symbol) => [symbol, 0]))
  const nextMinute = (symbol) => {
    const place = next.get(symbol)
    next.set(symbol, place + 1)
    return minute(symbol, place)
  }
  for (let i = 0; i < CONTRACTS; i += PER_POST) await post(symbols.slice(i, i + PER_POST).map(nextMinute))
  for (let i = 0; i < 500; i++) await post(symbols.slice(0, 40).map(nextMinute)) // those that are charted

  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--headless', '--no-sandbox', '--disable-gpu'] })
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    await page.goto(`${url}/`)
    await page.locator('#state', { hasText: 'Live' }).waitFor()
    await page.evaluate(`
      globalThis.tasks = []
      globalThis.pictures = 0
      new PerformanceObserver((list) => { for (const { duration } of list.getEntries()) tasks.push(duration) }).observe({ type: 'longtask', buffered: false })
      const count = () => { pictures++; requestAnimationFrame(count) }
      count()`)
    console.log(`${CONTRACTS} contracts, ${PER_SECOND} bars a second${pinned ? `, browser and feed on core ${OTHER_CORES}` : ''}\n`)
    console.log('| somebody | pictures a second | long tasks | the longest, ms | all of them, ms of each second |\n|---|--:|--:|--:|--:|')
    let sent = 0
    for (const [name, act] of Object.entries(PHASES)) {
      await page.evaluate('tasks.length = 0; pictures = 0')
      const began = performance.now()
      const firstSent = sent
      while (performance.now() - began < PHASE_MS) {
        const seen = await page.locator('#list [role=option] .symbol').allTextContents()
        const due = Math.floor((performance.now() - began) * PER_SECOND / 1000) - (sent - firstSent)
        await Promise.all([act(page), feed(seen, due)])
      }
      const seconds = (performance.now() - began) / 1000
      const { tasks, pictures } = await page.evaluate('({ tasks, pictures })')
      const total = tasks.reduce((sum, ms) => sum + ms, 0)
      console.log(`| ${name} | ${(pictures / seconds).toFixed(0)} | ${tasks.length} | ${Math.max(0, ...tasks).toFixed(0)} | ${(total / seconds).toFixed(1)} |`)
      if (sent - firstSent < 0.8 * PER_SECOND * seconds) console.log(`(only ${((sent - firstSent) / seconds).toFixed(0)} bars a second)`)

      async function feed (seen, due) {
        for (let i = 0; i < due; i++) await post([nextMinute(seen[sent++ % seen.length])])
      }
    }
  } finally {
    await browser.close()
  }
})

function minute (symbol, place) {
  const close = 100 + Math.sin(place / 9 + Number(symbol.slice(1))) * 5
  return { symbol, time: START + place * MINUTE, open: 100, high: 106, low: 94, close: Math.round(close * 100) / 100, volume: 1 + place % 7 }
}
