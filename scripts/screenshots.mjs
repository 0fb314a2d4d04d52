// The pictures in the docs, from real programs in a real browser. Needs chromium; makes them smaller where there is an optipng.
//
//   node scripts/screenshots.mjs              writes docs/images/inspect-*.png
//   node scripts/screenshots.mjs --all DIR    writes each view there, light, dark and on a phone, to be looked at
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const root = fileURLToPath(new URL('..', import.meta.url))
const cli = join(root, 'dist/src/cli/main.js')
const MAX_BYTES = 150_000
const traceFile = join(tmpdir(), `shop-${process.pid}.json`)

const example = (name, ...args) => [cli, 'run', '--inspect-fibril', `examples/broken/${name}.ts`, ...args]
const programs = {
  lockOrder: example('lock-order'),
  slowReport: example('slow-report'),
  notifiers: example('forgotten-notifiers'),
  neverSet: example('event-never-set'),
  slowerReport: example('slow-report', '3000'),
  shop: [join(root, 'dist/test/inspect/page/programs.js'), 'shop', traceFile],
}

const wide = { width: 1280, height: 760 }
const phone = { width: 390, height: 780 }

/** What is done before a picture is taken: until something is there, and so on. */
const there = (selector) => (page) => page.locator(selector).first().waitFor({ timeout: 60_000 })
const openTask = (name) => async (page) => {
  await page.getByRole('treeitem', { name }).first().click()
  await page.getByText('Asking…').waitFor({ state: 'detached', timeout: 60_000 })
}
const traced = async (page) => {
  await page.locator('input[type=file]').setInputFiles(traceFile)
  await page.locator('.lanes canvas').waitFor({ timeout: 60_000 })
  for (let i = 0; i < 9; i++) await page.keyboard.press('ArrowDown')
}
const compare = async (page) => {
  await page.getByRole('button', { name: 'Take the first now' }).click()
  await page.locator('.side').first().getByText('live').waitFor({ timeout: 60_000 })
  await page.waitForTimeout(4000)
  await page.getByRole('button', { name: 'Take the second now' }).click()
  await page.locator('.verdict, .groups-table').first().waitFor({ timeout: 60_000 })
}
const step = async (page) => {
  await page.locator('.picture svg').waitFor()
  await page.waitForTimeout(300)
}
const look = async (page) => {
  await page.getByText('as of').waitFor({ timeout: 60_000 })
}
const while_ = (ms) => (page) => page.waitForTimeout(ms)

const docs = [
  ['inspect-deadlock', 'lockOrder', 'tasks', { size: wide, then: openTask(/ann to bob/) }],
  [
    'inspect-waits',
    'lockOrder',
    'waits',
    { size: { width: 1280, height: 640 }, scheme: 'dark', then: there('.node-circle') },
  ],
  ['inspect-never-set', 'neverSet', 'tasks', { size: { width: 1280, height: 420 }, then: there('.row') }],
  ['inspect-held', 'slowReport', 'tasks', { size: { width: 1280, height: 560 }, then: there('.held .stack li') }],
  [
    'inspect-plots',
    'slowerReport',
    'plots',
    { size: wide, scheme: 'dark', before: 20_000, then: there('.plot canvas') },
  ],
  ['inspect-compare', 'notifiers', 'compare', { size: wide, then: compare }],
  ['inspect-phone', 'lockOrder', 'tasks', { size: phone, scheme: 'dark', then: there('.row') }],
  ['inspect-timeline', 'shop', 'timeline', { size: wide, then: traced }],
  ['inspect-deferred', 'shop', 'deferred', { size: { width: 1280, height: 560 }, scheme: 'dark', then: step }],
]

const shopViews = {
  tasks: there('.row'),
  waits: there('.groups tbody tr'),
  timeline: traced,
  plots: while_(5000),
  lists: look,
  deferred: step,
  compare,
  reports: while_(500),
}
const all = Object.entries(shopViews).flatMap(([view, then]) => [
  [`${view}-light`, 'shop', view, { size: wide, then }],
  [`${view}-dark`, 'shop', view, { size: wide, scheme: 'dark', then }],
  [`${view}-phone`, 'shop', view, { size: phone, then }],
])
all.push(['held-phone', 'slowReport', 'tasks', { size: phone, then: there('.held .stack li') }])
all.push(['task-phone', 'lockOrder', 'tasks', { size: phone, then: openTask(/ann to bob/) }])

function start(args) {
  const env = { ...process.env, FIBRIL_INSPECT: 'page' }
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'ignore', 'pipe'] })
  return new Promise((resolve, reject) => {
    child.on('exit', (code) => reject(new Error(`${args.join(' ')} ended with ${code}`)))
    createInterface({ input: child.stderr }).on('line', (line) => {
      const [url] = /http:\S+token=\S+/.exec(line) ?? []
      if (url !== undefined) resolve({ url, child })
    })
  })
}

async function take(browser, folder, [name, program, view, { size, scheme = 'light', then, before = 0 }]) {
  const { url, child } = await start(programs[program])
  const context = await browser.newContext({ viewport: size, colorScheme: scheme, reducedMotion: 'reduce' })
  try {
    const page = await context.newPage()
    page.setDefaultTimeout(60_000)
    await page.goto(`${url}#/${view}`)
    await page.waitForTimeout(2500 + before)
    await then(page)
    await page.waitForTimeout(600)
    const path = join(folder, `${name}.png`)
    await page.screenshot({ path })
    spawnSync('optipng', ['-quiet', '-strip', 'all', path])
    const { size: bytes } = statSync(path)
    console.log(`${name}.png ${Math.round(bytes / 1000)} kB`)
    if (bytes > MAX_BYTES) process.exitCode = 1
  } finally {
    await context.close()
    child.removeAllListeners('exit').kill('SIGKILL')
  }
}

const [flag, where, ...names] = process.argv.slice(2)
const folder = flag === '--all' ? where : join(root, 'docs/images')
mkdirSync(folder, { recursive: true })
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
})
try {
  for (const picture of flag === '--all' ? all : docs) {
    if (names.length > 0 && !names.some((name) => picture[0].startsWith(name))) continue
    await take(browser, folder, picture).catch((error) => {
      console.error(`${picture[0]}: ${error.message}`)
      process.exitCode = 1
    })
  }
} finally {
  await browser.close()
  rmSync(traceFile, { force: true })
}
