import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { root, runNode, serverAt } from './green-programs.ts'

const here = 'examples/sync-to-async'
const cli = ['dist/src/cli/main.js', 'run']
const green = [...cli, `${here}/green.js`]
const plain = [`${here}/plain.js`]
const byHand = [`${here}/async/main.js`]

const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...inherited } = process.env

/** Answers when so many ask at once; tells the most that did. */
class Rates {
  most = 0
  private waiting: ServerResponse[] = []
  readonly server = createServer((_request, response) => {
    this.waiting.push(response)
    this.most = Math.max(this.most, this.waiting.length)
    if (this.waiting.length < this.together) return
    for (const each of this.waiting.splice(0)) each.end(JSON.stringify({ rate: 2 }))
  })
  private readonly together: number

  constructor(together: number) {
    this.together = together
  }

  async url(): Promise<string> {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }
}

/** Runs the service beside `body`, with tables of its own. */
async function withService(
  name: string,
  args: readonly string[],
  together: number,
  body: (get: (path: string) => Promise<string>, rates: Rates) => Promise<void>,
): Promise<void> {
  const rates = new Rates(together)
  const env = {
    ...inherited,
    PORT: '0',
    RATES_URL: await rates.url(),
    TABLE_PREFIX: `shop_${name}_${process.pid}`,
    DB_CONNECTIONS: '12',
  }
  const setUp = spawnSync(process.execPath, [`${here}/set-up.js`], { cwd: root, env, encoding: 'utf8' })
  assert.equal(setUp.status, 0, setUp.stderr)
  const child: ChildProcess = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const [url] = (await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line')) as [string]
    await body(async (path) => (await fetch(url + path, { headers: { connection: 'close' } })).text(), rates)
    child.kill('SIGTERM')
    assert.deepEqual(await once(child, 'exit'), [0, null])
  } finally {
    child.kill('SIGKILL')
    rates.server.closeAllConnections()
    rates.server.close()
    spawnSync(process.execPath, [`${here}/set-up.js`, 'down'], { cwd: root, env })
  }
}

const invoice = 'Invoice 1\nfor Ada\n10 EUR, that is 20 USD\n'

// Slow, as each of these: they start processes, and use a real database.
test('plainly, the service answers one request at a time', async (t) => {
  if (!(await serverAt(t, 'MariaDB', 3306, ['mariadbd', '--user=mysql']))) return
  await withService('plain', plain, 1, async (get, rates) => {
    const answers = await Promise.all(Array.from({ length: 4 }, () => get('/invoice/1')))
    assert.deepEqual(answers, [invoice, invoice, invoice, invoice])
    assert.equal(rates.most, 1)
    assert.equal(await get('/nothing'), 'no such thing\n')
  })
})

for (const [name, args] of [
  ['green', green],
  ['async', byHand],
] as const) {
  test(`${name}: eight requests are under way at once, and what must not mix does not`, async (t) => {
    if (!(await serverAt(t, 'MariaDB', 3306, ['mariadbd', '--user=mysql']))) return
    await withService(name, args, 8, async (get, rates) => {
      const answers = await Promise.all(Array.from({ length: 8 }, () => get('/invoice/1')))
      assert.deepEqual(answers, Array(8).fill(invoice))
      assert.equal(rates.most, 8)
      // More at once than there are connections.
      const left = await Promise.all(Array.from({ length: 50 }, () => get('/pay/1/100')))
      assert.deepEqual(new Set(left).size, 50)
      assert.ok(left.includes('95000 left\n'), left.join(''))
      assert.equal(await get('/pay/1/1000000'), 'customer 1 cannot pay 1000000\n')
      assert.equal(await get('/stock'), '6 orders\n')
      assert.equal(await get('/invoice/99'), 'no such thing\n')
    })
  })
}

const pitfalls: { readonly [name: string]: readonly string[] } = {
  'late-patch': [
    'late: two at once is false',
    'patched first: two at once is true',
    'warning: commands.cjs was loaded too early',
  ],
  'shared-connection': [
    'guarded: task deposit uses a connection that task failing is using: give each its own',
    'one each: the balance is 10',
    'shared: the balance is 0, and should be 10',
  ],
  'leaked-connections': [
    'TaskLocal with dispose: 0 are left open',
    'kept by task id: 20 connections are left open by 20 tasks that have ended',
  ],
  'native-driver': ['called here: others ran never', 'offloaded: others ran all the time'],
}

for (const [name, lines] of Object.entries(pitfalls)) {
  test(`the pitfall ${name} is shown, and then its cure`, async (t) => {
    if (name === 'leaked-connections' && !(await serverAt(t, 'MariaDB', 3306, ['mariadbd', '--user=mysql']))) return
    const ended = await runNode([...cli, `${here}/pitfalls/${name}.js`])
    assert.deepEqual([...ended.lines].sort(), lines)
  })
}
