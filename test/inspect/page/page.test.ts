// What the page is for: it finds what is wrong, and shows it to nobody else.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import type { Browser } from 'playwright-core'
import { openBrowser, openPage, skip, watchExample, watchProgram } from './browser.ts'

const lineOf = (file: string, part: string): number =>
  readFileSync(file, 'utf8')
    .split('\n')
    .findIndex((line) => line.includes(part)) + 1

describe('the page', { skip }, () => {
  let browser: Browser
  before(async () => {
    browser = await openBrowser()
  })
  after(() => browser.close())

  it('finds a deadlock: who waits for whom, and on which line', async (t) => {
    const { url } = await watchExample(t, 'lock-order')
    const { page } = await openPage(t, browser, url)
    const strip = page.locator('.strip-bad')
    await strip.waitFor()
    assert.match((await strip.textContent()) ?? '', /1 deadlock.*(ann to bob|bob to ann)/)

    await strip.click()
    const circle = page.locator('.node-circle')
    await circle.first().waitFor()
    assert.equal(await circle.count(), 2)
    assert.equal(await page.locator('.edge-circle').count(), 2)
    assert.equal(await page.locator('.node-behind').count(), 1)

    await page.locator('.node-circle', { hasText: 'ann to bob' }).click()
    const task = page.getByRole('region', { name: /Task ann to bob/ })
    const place = task.locator('.stack li', { hasText: 'transfer' }).locator('.place').first()
    await place.waitFor()
    const line = lineOf('examples/broken/lock-order.ts', 'at fault')
    assert.match((await place.textContent()) ?? '', new RegExp(`lock-order\\.ts:${line}:`))
    assert.match(
      (await task.locator('.waits-for').textContent()) ?? '',
      /waits for lock "bob".*held by.*bob to ann #\d+/,
    )
    assert.equal(await task.locator('.circle li').count(), 2)
  })

  it('names the function that holds the loop, while it does', async (t) => {
    const { url, printed } = await watchExample(t, 'slow-report', '60000')
    await printed('answering')
    const { page } = await openPage(t, browser, url)
    const banner = page.getByRole('alert', { name: 'The loop is held' })
    await banner.waitFor({ timeout: 60_000 })
    await banner.locator('.stack li', { hasText: 'countVisitors' }).first().waitFor()
    const text = (await banner.textContent()) ?? ''
    assert.match(text, /holds the loop, for [\d.]+ m?s/)
    // At the head of its loop, or in it.
    const line = lineOf('examples/broken/slow-report.ts', 'at fault')
    assert.match(text, new RegExp(`countVisitors \\S*slow-report\\.ts:(?:${line - 1}|${line}):`))
    await page.locator('.dot-held').waitFor()
  })

  it('finds a leak by comparing two moments', async (t) => {
    const { url, printed } = await watchExample(t, 'forgotten-notifiers')
    await printed('open')
    const { page } = await openPage(t, browser, `${url}#/compare`)
    await page.getByRole('button', { name: 'Take the first now' }).click()
    const sides = page.locator('.side')
    await sides.nth(0).getByText('live').waitFor()
    await page.getByRole('button', { name: 'Take the second now' }).click()
    const verdict = page.locator('.verdict')
    await verdict.waitFor()
    const line = lineOf('examples/broken/forgotten-notifiers.ts', 'room.news.wait()')
    assert.match(
      (await verdict.textContent()) ?? '',
      new RegExp(`notify grew by \\d+: \\d+ of them wait for event at .*forgotten-notifiers\\.ts:${line}:`),
    )
  })

  it('shows nothing without the token, to another site, or under another name', async (t) => {
    const { url, origin } = await watchProgram(t, 'shop')
    const { page } = await openPage(t, browser, `${url}#/tasks`)
    await page.getByRole('treeitem').first().waitFor()
    assert.doesNotMatch(page.url(), /token/)

    const stranger = await openPage(t, browser, 'about:blank')
    const answer = await stranger.page.goto(origin)
    assert.equal(answer?.status(), 401)
    assert.match((await stranger.page.textContent('body')) ?? '', /token/)

    const rebound = url.replace('127.0.0.1', 'rebound.test')
    assert.equal((await stranger.page.goto(rebound))?.status(), 403)

    // Another site in the browser that has the cookie: it may neither read, nor load, nor show anything.
    const other = createServer((_, response) => response.end('<!doctype html><title>other</title>'))
    t.after(() => other.close())
    await once(other.listen(0, '127.0.0.1'), 'listening')
    await page.goto(`http://localhost:${(other.address() as AddressInfo).port}/`)
    const read = await page.evaluate(async (inspector) => {
      const outcomes: string[] = []
      for (const [from, mode] of [
        [inspector, 'cors'],
        [inspector, 'no-cors'],
        [inspector.replace('127.0.0.1', 'localhost'), 'cors'],
      ] as const) {
        const answer = await fetch(`${from}/api/history`, { mode, credentials: 'include' }).catch(() => null)
        outcomes.push(answer === null ? 'refused' : `${answer.type} ${answer.status} ${(await answer.text()).length}`)
      }
      return outcomes
    }, origin)
    assert.deepEqual(read, ['refused', 'refused', 'refused'])
  })
})
