// Each view, by mouse, by keys and on a phone.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser } from 'playwright-core'
import { openBrowser, openPage, skip, type Watched, watchExample, watchProgram } from './browser.ts'
import { scratchFile } from './scratch.ts'

describe('the views', { skip }, () => {
  let browser: Browser
  /** One that most tests only look at. */
  let shop: Watched
  const endings: (() => unknown)[] = []
  before(async () => {
    browser = await openBrowser()
    shop = await watchProgram({ after: (step) => endings.push(step) }, 'shop')
  })
  after(async () => {
    await browser.close()
    for (const end of endings) await end()
  })

  it('opens each view without a complaint, also under its strict policy', async (t) => {
    const { url } = shop
    const { page, complaints } = await openPage(t, browser, url)
    const seen: string[] = []
    for (const link of await page.getByRole('navigation').getByRole('link').all()) {
      await link.click()
      const name = (await link.textContent()) ?? ''
      await page.getByRole('main', { name }).waitFor()
      seen.push(name)
      if (name === 'Plots') await page.locator('.plot canvas').first().waitFor()
      if (name === 'Lists') await page.getByText('as of').waitFor()
      if (name === 'Deferred') await page.locator('.picture svg').waitFor()
    }
    assert.deepEqual(seen, ['Tasks', 'Waits', 'Timeline', 'Plots', 'Lists', 'Deferred', 'Compare', 'Reports'])
    assert.deepEqual(complaints, [])
  })

  it('is worked by keys alone', async (t) => {
    const { url } = shop
    const { page } = await openPage(t, browser, url)
    await page.getByRole('treeitem', { name: /shop/ }).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('clerk')
    await page.getByText(/6 of \d+/).waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.getByRole('region', { name: /Task shop/ }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('region', { name: /Task shop/ }).waitFor({ state: 'detached' })
    await page.keyboard.press('ArrowLeft')
    await page.getByText(/\d+ below/).waitFor()
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keys' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.keyboard.press('4')
    await page.getByRole('main', { name: 'Plots' }).waitFor()
  })

  it('shows what a program names as text, whatever it is', async (t) => {
    const { url } = await watchProgram(t, 'hostile')
    const { page, complaints } = await openPage(t, browser, url)
    const row = page.getByRole('treeitem', { name: /<script>/ })
    await row.waitFor()
    assert.match((await row.textContent()) ?? '', /<\/script><script>.*lock "<img src=x/)
    await row.click()
    await page.getByRole('region', { name: /Task <\/script>/ }).waitFor()
    await page.keyboard.press('2')
    await page.locator('.groups', { hasText: '<img src=x' }).waitFor()
    assert.equal(await page.locator('#app img, #app script').count(), 0)
    assert.doesNotMatch(await page.title(), /owned/)
    assert.deepEqual(complaints, [])
  })

  it('draws a trace file as lanes, and tells of what is selected', async (t) => {
    using file = scratchFile('trace.json')
    const { url, printed } = await watchProgram(t, 'trace', file.path)
    await printed('written')
    const { page, complaints } = await openPage(t, browser, `${url}#/timeline`)
    const open = page.locator('input[type=file]')
    await open.setInputFiles({ name: 'odd.json', mimeType: 'application/json', buffer: Buffer.from('{"a":1}') })
    await page.getByText('This is no trace-event file').waitFor()
    await open.setInputFiles(file.path)
    await page.getByText(/trace\.json: 6 tasks/).waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.locator('.chosen', { hasText: /stepper #\d+ (runs|waits)/ }).waitFor()
    assert.match((await page.locator('.kinds').textContent()) ?? '', /a step.*some time to pass/)
    const painted = await page.locator('canvas').evaluate((canvas) => {
      const { width, height } = canvas as unknown as { width: number; height: number }
      const context = (canvas as unknown as { getContext(kind: string): CanvasReader }).getContext('2d')
      const { data } = context.getImageData(0, 0, width, height)
      const colours = new Set<number>()
      for (let i = 0; i < data.length; i += 4)
        colours.add(((data[i] as number) << 16) | ((data[i + 1] as number) << 8) | (data[i + 2] as number))
      return colours.size
    })
    assert.ok(painted > 4, `${painted} colours`)
    assert.deepEqual(complaints, [])
  })

  it('fires a chain of callbacks and goes through it step by step', async (t) => {
    const { url } = shop
    const { page, complaints } = await openPage(t, browser, `${url}#/deferred`)
    await page.getByLabel('The chain, a pair on each line').fill('throw RangeError: far\n| give 2')
    await page.getByText('It has not been fired.').waitFor()
    await page.getByRole('button', { name: 'fire callback' }).click()
    await page.getByText('It is fired: callback(1).').waitFor()
    const onward = page.getByRole('button', { name: 'A step on' })
    await onward.click()
    await page.getByText('Pair 0 gets 1: its callback, throw RangeError: far. It threw.').waitFor()
    assert.equal(await page.locator('rect.ran').count(), 1)
    await onward.click()
    await page.getByText('Pair 1 gets RangeError: far: its errback, give 2.').waitFor()
    await onward.click()
    await page.getByText('At the end: 2, the result.').waitFor()
    assert.equal(await page.locator('rect.ran.errback').count(), 1)
    await page.getByLabel('The chain, a pair on each line').fill('callback 1\nthrwo x')
    await page.getByText('line 2: there is no action "thrwo". Did you mean "throw"?').waitFor()
    assert.deepEqual(complaints, [])
  })

  it('scrolls through a hundred thousand tasks', async (t) => {
    const { url, printed } = await watchProgram(t, 'many', '100000')
    await printed('started')
    const { page, complaints } = await openPage(t, browser, url)
    await page.getByText('100,001 tasks').waitFor({ timeout: 60_000 })
    // Seven names under one parent: as many lines, and the parent's.
    assert.equal(await page.getByRole('treeitem').count(), 8)
    await page.getByLabel('alike together').uncheck()
    await page.getByRole('treeitem', { name: 'worker 6' }).first().waitFor()
    const inspector = await page.context().newCDPSession(page)
    await inspector.send('Performance.enable', { timeDomain: 'threadTicks' })
    const begun = await busyMs()
    const frames = await page.locator('.virtual').evaluate(async (list) => {
      const box = list as unknown as { scrollTop: number; scrollHeight: number; clientHeight: number }
      const times: number[] = []
      let last = performance.now()
      for (let i = 0; i < 60; i++) {
        box.scrollTop += i % 10 === 9 ? 200_000 : 700
        await new Promise<void>((resolve) => (globalThis as unknown as Frames).requestAnimationFrame(() => resolve()))
        times.push(performance.now() - last)
        last = performance.now()
      }
      box.scrollTop = box.scrollHeight
      return times.sort((a, b) => a - b)
    })
    t.diagnostic(
      `frames while scrolling 100,000 rows: median ${frames[30]?.toFixed(1)} ms, longest ${frames.at(-1)?.toFixed(1)} ms`,
    )
    const busy = ((await busyMs()) - begun) / frames.length
    t.diagnostic(`of its own processor time, a frame took ${busy.toFixed(1)} ms`)
    await page.getByRole('treeitem', { name: /#100001/ }).waitFor()
    assert.ok((await page.getByRole('treeitem').count()) < 80)

    await page.getByRole('searchbox').fill('#77777')
    await page.getByText('1 of 100,001').waitFor()
    assert.equal(await page.getByRole('treeitem').count(), 2)
    assert.deepEqual(complaints, [])

    /** Processor time of the page's thread: what it would take on a machine that does nothing else. */
    async function busyMs(): Promise<number> {
      const { metrics } = await inspector.send('Performance.getMetrics')
      return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0)
    }
  })

  it('fits a phone', async (t) => {
    const { url } = await watchExample(t, 'lock-order')
    const { page } = await openPage(t, browser, url, {
      viewport: { width: 390, height: 844 },
      colorScheme: 'dark',
      hasTouch: true,
    })
    await page.locator('.strip-bad').waitFor()
    for (const view of ['tasks', 'waits', 'timeline', 'plots', 'lists', 'deferred', 'compare', 'reports']) {
      await page.evaluate((hash) => {
        ;(globalThis as unknown as { location: { hash: string } }).location.hash = hash
      }, `#/${view}`)
      await page.locator(`.view-${view}`).waitFor()
      const width = await page.evaluate('document.scrollingElement.scrollWidth')
      assert.equal(width, 390, view)
    }
    // The tree makes room for the task.
    await page.evaluate("location.hash = '#/tasks'")
    await page.getByRole('treeitem', { name: /bob to ann/ }).tap()
    await page.getByRole('region', { name: /Task bob to ann/ }).waitFor()
    assert.equal(await page.getByRole('treeitem').first().isVisible(), false)
  })
})

interface CanvasReader {
  getImageData(x: number, y: number, width: number, height: number): { readonly data: Uint8ClampedArray }
}

interface Frames {
  requestAnimationFrame(step: () => void): void
}
