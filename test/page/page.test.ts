import axe from 'axe-core'
import t from 'tap'
import type { BrowserContextOptions, Page } from 'playwright-core'
import type { Bar, MinuteBar } from '../../src/index.ts'
import { comesToHave, NO_BROWSER, startBrowser } from '../fixture/browser.ts'
import { type BuiltMarket, buildMarkets } from '../fixture/built-market.ts'
import { SECRET, signed } from '../fixture/jwt.ts'
import { run } from '../fixture/minutes.ts'

t.setTimeout(240_000)

const MINUTE = 60_000
const MONDAY = Date.UTC(2026, 0, 5)
/** What the page keeps for the console. */
const CANDLES = 'globalThis.klinePush?.chart.candles.data()'
const BARS = 'globalThis.klinePush?.viewer.series?.bars'

/** The minute that is `place` minutes into Monday. */
function minute (place: number, { symbol = 'rb2601', ...given }: Partial<MinuteBar> = {}): MinuteBar {
  return { symbol, time: MONDAY + place * MINUTE, open: 10, high: 14, low: 9, close: 11, volume: 5, ...given }
}

function candlesOf (bars: readonly Bar[]): object[] {
  return bars.map(({ time, open, high, low, close }) => ({ time: time / 1000, open, high, low, close }))
}

t.test('the page', { skip: NO_BROWSER }, async (t) => {
  const start = await buildMarkets(t)
  const browser = await startBrowser(t)

  /** Opens the page, and waits until all is there. */
  async function show (market: BuiltMarket, hash = '', options?: BrowserContextOptions): Promise<Page> {
    const page = await browser.open(`${market.origin}/${hash}`, options)
    await page.locator('#state', { hasText: 'Live' }).waitFor()
    return page
  }

  /** Whether what is drawn comes to be what the server has. */
  async function equals (page: Page, market: BuiltMarket, key: string, step: string): Promise<void> {
    const bars = await market.bars(key)
    t.strictSame(await comesToHave(page, BARS, bars), bars, `${key}, ${step}`)
    t.strictSame(await comesToHave(page, CANDLES, candlesOf(bars)), candlesOf(bars), `${key}, ${step}, drawn`)
  }

  await t.test('shows the contracts and the candles of one, as they appear, change, close and are corrected', async (t) => {
    const market = await start(t)
    await market.post(...run(600, { from: MONDAY, symbol: 'hc2601' }), minute(0), minute(1, { close: 12 }))
    const page = await show(market, '#/rb2601.5m')
    await page.getByRole('option').nth(1).waitFor()
    t.equal(await page.getByRole('option').count(), 2)
    t.match(await page.getByRole('option', { selected: true }).textContent(), 'rb2601')
    t.ok(await page.getByRole('radio', { name: '5m', exact: true }).isChecked())
    await equals(page, market, 'rb2601.5m', 'at first')

    await market.post(minute(2, { close: 13 }))
    await equals(page, market, 'rb2601.5m', 'the open bar has changed')
    await page.getByText('open', { exact: true }).waitFor()
    await market.post(minute(3), minute(4, { close: 11.25 }))
    await equals(page, market, 'rb2601.5m', 'it has closed')
    await page.getByText('closed', { exact: true }).waitFor()
    await page.locator('#seq', { hasText: /^1$/ }).waitFor()
    await market.post(minute(5), minute(6))
    await market.post(minute(1, { close: 13, high: 15 }))
    await equals(page, market, 'rb2601.5m', 'an older bar was corrected')
    await page.locator('#revisions', { hasText: /^1$/ }).waitFor()
    await page.locator('#seq', { hasText: /^2$/ }).waitFor()
    await page.getByRole('option', { name: 'rb2601' }).getByText('+10.00 %').waitFor()
    await market.post(minute(7, { close: 11.125 }))
    await page.locator('#legend').getByText('11.125').waitFor() // with more decimals than a price had before

    await page.getByRole('option', { name: 'hc2601' }).click()
    await equals(page, market, 'hc2601.5m', 'chosen')
    await page.getByRole('radio', { name: '1m', exact: true }).check()
    await equals(page, market, 'hc2601.1m', 'chosen')
    t.equal(await page.evaluate(`${BARS}.length`), 500)
    t.equal(await page.title(), 'hc2601 1m')
    t.equal(new URL(page.url()).hash, '#/hc2601.1m')
    await page.locator('#revisions', { hasText: /^0$/ }).waitFor() // they are of what is shown

    await market.post(minute(0, { symbol: 'new2601' }))
    await page.reload()
    await page.getByRole('option', { name: 'new2601' }).waitFor()
    await page.close()
  })

  await t.test('says how long after its end a minute was on the screen', async (t) => {
    const market = await start(t)
    const last = Math.floor(Date.now() / MINUTE) * MINUTE - MINUTE
    await market.post(minute(0, { time: last - 2 * MINUTE }), minute(0, { time: last - MINUTE }))
    const page = await show(market)
    await equals(page, market, 'rb2601.1m', 'at first')
    t.equal(await page.locator('#delay').textContent(), '–')
    await market.post(minute(0, { time: last }))
    await page.locator('#delay', { hasText: /^(\d+ ms|\d+\.\d s)$/ }).waitFor()
    await market.post(minute(0, { time: last + 20 * MINUTE }))
    await page.locator('#delay', { hasText: /^(19|20|21) min ahead$/ }).waitFor()
    await page.close()
  })

  await t.test('shows that the connection is lost, and heals when the server is there again', async (t) => {
    const market = await start(t)
    await market.post(minute(0), minute(1))
    const page = await show(market, '#/rb2601.1m')
    for (let i = 0; i < 2; i++) {
      await market.kill()
      await page.locator('#state', { hasText: 'Connection lost' }).waitFor()
      t.ok(await page.evaluate('document.body.hasAttribute("data-lost")'))
      await market.restart()
      await market.post(minute(2 + 2 * i), minute(3 + 2 * i))
      await market.post(minute(i, { close: 9.5 }))
      await page.locator('#state', { hasText: 'Live' }).waitFor()
      t.notOk(await page.evaluate('document.body.hasAttribute("data-lost")'))
      await equals(page, market, 'rb2601.1m', 'after a restart')
      await market.post(minute(20 + i))
      await equals(page, market, 'rb2601.1m', 'live again')
    }
    await page.close()
  })

  await t.test('never mixes what was shown with what is, however fast somebody changes', async (t) => {
    const market = await start(t)
    const symbols = ['aa', 'bb', 'cc']
    const shift = (place: number): number => 1000 * (place + 1) // whose a price is can be seen
    const minutes = symbols.flatMap((symbol, i) => run(900, { from: MONDAY, symbol }).map((bar) => ({ ...bar, open: bar.open / 10 + shift(i), high: bar.high / 10 + shift(i), low: bar.low / 10 + shift(i), close: bar.close / 10 + shift(i) })))
    await market.post(...minutes)
    const page = await show(market, '#/aa.1m')
    await equals(page, market, 'aa.1m', 'at first')
    await page.evaluate(`
      globalThis.mixed = []
      globalThis.looks = 0
      const look = () => {
        const symbol = document.getElementById('symbol').textContent
        const prices = globalThis.klinePush.chart.candles.data().map(({ close }) => Math.floor(close / 1000) - 1)
        for (const place of new Set(prices)) if (${JSON.stringify(symbols)}[place] !== symbol) globalThis.mixed.push(symbol + ' with prices of ' + ${JSON.stringify(symbols)}[place])
        globalThis.looks++
        requestAnimationFrame(look)
      }
      look()`)
    let place = 900
    const posts: Promise<void>[] = []
    const feed = setInterval(() => {
      const next = place++
      posts.push(market.post(...symbols.map((symbol, i) => minute(next, { symbol, open: shift(i), high: shift(i) + 1, low: shift(i), close: shift(i) }))))
    }, 20)
    t.teardown(() => { clearInterval(feed) })
    const periods = ['1m', '5m', '1h', '3m']
    for (let i = 0; i < 120; i++) {
      await page.evaluate(`location.hash = '#/${symbols[i % 3]}.${periods[i % 4]}'`)
      if (i % 7 === 0) await page.waitForTimeout(30)
    }
    clearInterval(feed)
    await Promise.all(posts)
    t.strictSame(await page.evaluate('globalThis.mixed'), [])
    t.ok(await page.evaluate('globalThis.looks') as number > 10)
    await equals(page, market, 'cc.3m', 'the last of them')
    await page.close()
  })

  await t.test('finds a contract among thousands, and shows rows for those that can be seen', async (t) => {
    const market = await start(t)
    const names = Array.from({ length: 5000 }, (_, i) => `c${String(i).padStart(4, '0')}`)
    await market.post(...names.map((symbol) => minute(0, { symbol })))
    const page = await show(market)
    await page.getByText('5,000 contracts').waitFor()
    t.ok(await page.getByRole('option').count() < 60)
    t.equal(await page.getByRole('option').first().getAttribute('aria-setsize'), '5000')
    await page.keyboard.press('/')
    await page.keyboard.type('421')
    await page.getByText('15 of 5,000 contracts').waitFor()
    await page.keyboard.press('Enter')
    await equals(page, market, 'c0421.1m', 'found')
    await page.getByRole('searchbox').fill('')
    await page.getByRole('listbox').press('End')
    await equals(page, market, 'c4999.1m', 'the last')
    t.equal(await page.getByRole('listbox').getAttribute('aria-activedescendant'), await page.getByRole('option', { selected: true }).getAttribute('id'))
    await page.getByRole('option', { name: 'c4999' }).getByText('+10.00 %').waitFor() // which it has asked for since it can be seen
    await page.getByRole('listbox').press('Home')
    await page.getByRole('listbox').press('ArrowDown')
    await equals(page, market, 'c0001.1m', 'the second')
    t.ok(Number(await page.evaluate('fetch(\'health\').then((answer) => answer.json()).then(({ keys }) => keys)')) < 60, 'it follows what can be seen')
    await page.close()
  })

  await t.test('is used by keyboard, and says what a bar has to those who point at it', async (t) => {
    const market = await start(t)
    await market.post(...Array.from({ length: 200 }, (_, i) => minute(i, { close: 10 + i % 4 })))
    const page = await show(market)
    await equals(page, market, 'rb2601.1m', 'at first')
    const legend = page.locator('#legend')
    const shows = async (place: number): Promise<void> => { await legend.getByText(new Date(MONDAY + place * MINUTE).toISOString().slice(0, 16).replace('T', ' ')).waitFor() }
    await shows(199)
    const chart = page.getByRole('group', { name: 'Candles and volume' })
    await chart.focus()
    await chart.press('ArrowLeft')
    await chart.press('ArrowLeft')
    await shows(198)
    t.match(await page.locator('#spoken').textContent(), /^Time 2026-01-05 03:18, Open 10, .*, Bar closed$/)
    await chart.press('Home')
    await shows(0)
    await chart.press('ArrowRight')
    await shows(1)
    await chart.press('Escape')
    await shows(199)
    const width = '(({ from, to }) => to - from)(globalThis.klinePush.chart.api.timeScale().getVisibleLogicalRange())'
    for (const [key, becomes] of [['+', '<'], ['-', '>']]) {
      const before = await page.evaluate(width)
      await chart.press(key)
      t.ok(await comesToHave(page, `${width} ${becomes} ${before}`, true), key)
    }
    await chart.press('End')
    await shows(199)
    await chart.press('x')

    const box = await chart.boundingBox()
    const [x, y] = [(box?.x ?? 0) + 300, box?.y ?? 0]
    await page.mouse.move(x, y + 100)
    t.ok(await comesToHave(page, '!document.getElementById(\'legend\').textContent.includes(\'03:19\')', true))
    await page.mouse.move(x, y - 100)
    await shows(199)

    await page.getByRole('radio', { name: '1m', exact: true }).press('ArrowRight')
    await equals(page, market, 'rb2601.3m', 'the next period')
    await page.keyboard.press('/')
    t.equal(await page.evaluate('document.activeElement.id'), 'search')
    await page.close()
  })

  await t.test('is accessible, in light and in dark', async (t) => {
    const market = await start(t)
    await market.post(...run(100, { from: MONDAY, symbol: 'rb2601' }), minute(3, { symbol: 'down' }), minute(4, { symbol: 'down', close: 9.5 }))
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const [view, isLost] of [['#/rb2601.1m', false], ['#operations', false], ['#/rb2601.1m', true]] as const) {
        const page = await show(market, view, { colorScheme, bypassCSP: true })
        await page.locator(view === '#operations' ? '#readings dd' : '#legend dd').first().waitFor()
        await page.evaluate(axe.source)
        if (isLost) {
          await market.kill()
          await page.locator('#state', { hasText: 'Connection lost' }).waitFor()
        }
        const { violations } = await page.evaluate('axe.run()') as { violations: { id: string, nodes: { html: string, failureSummary: string }[] }[] }
        t.strictSame(violations.map(({ id, nodes }) => [id, nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`)]), [], `${view} in ${colorScheme}${isLost ? ', lost' : ''}`)
        await page.close()
        if (isLost) await market.restart()
      }
    }
  })

  await t.test('says that there is nothing yet, until there is; and whatever the address says, it says in the end what is shown', async (t) => {
    const market = await start(t, { MAX_HISTORY: '200' })
    const page = await show(market)
    await page.getByText('There are no contracts yet').waitFor()
    await market.post(...Array.from({ length: 300 }, (_, i) => minute(i)))
    const bars = (await market.bars('rb2601.1m')).slice(-200)
    t.strictSame(await comesToHave(page, BARS, bars), bars, 'as many as the server gives')
    for (const hash of ['#/rb2601.7m', '#/%', '#elsewhere', '']) {
      await page.evaluate(`location.hash = '${hash}'`)
      t.equal(await comesToHave(page, 'location.hash', '#/rb2601.1m'), '#/rb2601.1m', hash)
    }
    await page.evaluate("location.hash = '#/nothing.1m'")
    await page.getByText('There are no bars yet').waitFor()
    await market.post(minute(0, { symbol: 'nothing', close: 12.5 }))
    await equals(page, market, 'nothing.1m', 'its first')
    await page.getByText('There are no bars yet').waitFor({ state: 'hidden' })
    await page.close()
  })

  await t.test('is light or dark, as the system is or as somebody chose', async (t) => {
    const market = await start(t)
    await market.post(minute(0))
    const page = await show(market, '', { colorScheme: 'dark' })
    const ground = async (): Promise<string> => await page.evaluate('globalThis.klinePush.chart.api.options().layout.background.color')
    t.equal(await ground(), 'rgb(20, 23, 28)')
    await page.emulateMedia({ colorScheme: 'light' })
    t.equal(await comesToHave(page, 'globalThis.klinePush.chart.api.options().layout.background.color', 'rgb(255, 255, 255)'), 'rgb(255, 255, 255)')
    for (const [theme, colour] of [['light', 'rgb(255, 255, 255)'], ['dark', 'rgb(20, 23, 28)']]) {
      await page.getByRole('button', { name: /^Theme/ }).click()
      t.equal(await page.getByRole('button', { name: /^Theme/ }).textContent(), `Theme: ${theme}`)
      t.equal(await ground(), colour)
    }
    await page.reload()
    t.equal(await page.getByRole('button', { name: /^Theme/ }).textContent(), 'Theme: dark', 'it is kept')
    await page.close()
  })

  await t.test('shows operators how the server does', async (t) => {
    const market = await start(t)
    await market.post(minute(0))
    const page = await show(market)
    await page.getByRole('link', { name: 'Operations' }).click()
    await page.locator('nav [aria-current=page]', { hasText: 'Operations' }).waitFor()
    const value = (name: string) => page.locator('#readings div', { has: page.getByText(name, { exact: true }) }).locator('dd').first()
    await value('Connections').getByText('1', { exact: true }).waitFor()
    await value('Contracts').getByText('1', { exact: true }).waitFor()
    await market.post(...Array.from({ length: 50 }, (_, i) => minute(i + 1)))
    await value('Minutes per minute').getByText(/[1-9]/).waitFor()
    await value('Delivery').getByText(/ms · /).waitFor()
    await market.kill()
    await page.getByText('These numbers are old').waitFor()
    await market.restart()
    t.ok(await comesToHave(page, 'document.getElementById(\'readings-notice\').textContent === \'\'', true))
    await page.getByRole('link', { name: 'Charts', exact: true }).click()
    await equals(page, market, 'rb2601.1m', 'back again')
    await page.close()
  })

  await t.test('reads the numbers once at a time, however often somebody looks', async (t) => {
    const market = await start(t)
    const page = await browser.open(`${market.origin}/#operations`)
    await page.locator('#readings dd').first().waitFor()
    await page.clock.install()
    for (let i = 0; i < 20; i++) await page.evaluate("location.hash = '#/'; location.hash = '#operations'")
    for (let i = 0; i < 20; i++) await page.evaluate("location.hash = '#/'").then(async () => await page.evaluate("location.hash = '#operations'"))
    const reads = (): number => browser.requests.filter((url) => url === `${market.origin}/metrics`).length
    await page.clock.runFor(10_000)
    const before = reads()
    for (let i = 0; i < 3; i++) {
      const read = page.waitForResponse(`${market.origin}/metrics`)
      await page.clock.runFor(2000)
      await read
    }
    t.ok(reads() - before <= 3, `${reads() - before} in three times two seconds`)
    await page.close()
  })

  await t.test('asks for a token where the server does, for another if it was none, and lets go who has none', async (t) => {
    const market = await start(t, { JWT_SECRET: SECRET, METRICS_TOKENS: 'for-operators' })
    await market.post(minute(0))
    const page = await browser.open(market.origin)
    const token = page.getByLabel('Token', { exact: true })
    t.equal(await page.locator('#theme').textContent(), 'Theme: system')
    await page.getByRole('heading', { name: 'A token for bars' }).waitFor()
    await token.fill('tökén')
    await token.press('Enter')
    t.ok(await page.getByRole('dialog').isVisible(), 'which can be none')
    await token.fill('a-guess')
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.getByText('The credentials were not accepted').waitFor()
    await token.fill('half')
    await token.press('Escape')
    await page.getByText('reload the page to give one').waitFor()
    t.equal(await page.evaluate("sessionStorage.getItem('kline-push subscriber')"), 'a-guess', 'nothing was given')

    await page.reload()
    await token.fill(signed({ sub: 'ann', exp: Math.floor(Date.now() / 1000) + 3600 }))
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.locator('#state', { hasText: 'Live' }).waitFor()
    t.equal(await comesToHave(page, `${BARS}.length`, 1), 1)

    const operations = page.getByRole('link', { name: 'Operations' })
    await operations.click()
    await page.getByRole('heading', { name: 'A token for metrics' }).waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByText('These numbers are old: ').waitFor()
    await page.getByRole('link', { name: 'Charts', exact: true }).click()
    await operations.click()
    await token.fill('for-operators')
    await token.press('Enter')
    await page.locator('#readings dd').first().waitFor()
    t.equal(await token.inputValue(), '', 'it does not stay there')
    await page.close()
  })

  await t.test('asks again when a token is no longer good', async (t) => {
    const market = await start(t, { JWT_SECRET: SECRET })
    await market.post(minute(0))
    const page = await browser.open(market.origin)
    await page.getByLabel('Token', { exact: true }).fill(signed({ sub: 'ann', exp: Math.floor(Date.now() / 1000) + 4 }))
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.locator('#state', { hasText: 'Live' }).waitFor()
    await page.getByText('no longer, take the token').waitFor()
    await page.getByLabel('Token', { exact: true }).fill(signed({ sub: 'ann' }))
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.locator('#state', { hasText: 'Live' }).waitFor()
    await page.close()
  })

  t.strictSame(browser.problems.filter((problem) => !/WebSocket|ERR_CONNECTION|401/.test(problem)), [])
  t.strictSame([...new Set(browser.requests.map((url) => new URL(url).hostname))], ['127.0.0.1'], 'nothing comes from anywhere else')
})
