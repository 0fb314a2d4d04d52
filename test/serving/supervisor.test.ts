// Slow, all of these: they start a supervisor in a process of its own, for the sake of its death and its signals.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn as startProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { fileURLToPath } from 'node:url'
import type { Address } from '../../src/net/index.ts'
import type { ServiceStats, ServingOptions } from '../../src/serving/index.ts'
import { ask, Load, page } from './load.ts'

const supervisor = fileURLToPath(new URL('./supervisor.js', import.meta.url))
const program = new URL('./program.js', import.meta.url).href
const posix = {
  skip: process.platform === 'win32' ? 'no signals' : process.versions['bun'] !== undefined && 'not for Bun',
}

interface Supervised {
  readonly child: ChildProcess
  readonly port: number
  readonly addresses: readonly Address[]
  readonly pids: readonly number[]
  readonly ended: Promise<unknown[]>
  line(): Promise<string>
  stats(): Promise<ServiceStats>
}

function supervised(
  title: string,
  options: ServingOptions,
  body: (supervised: Supervised) => Promise<void>,
  module = program,
): void {
  test(title, posix, async () => {
    const text = JSON.stringify({ workers: 2, linger: 200, ...options })
    const child = startProcess(process.execPath, [supervisor, module, text], { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = once(child, 'close')
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const line = async (): Promise<string> => {
      for (;;) {
        const { value, done } = await lines.next()
        if (done || value.startsWith('{')) return value ?? ''
      }
    }
    const stats = async (): Promise<ServiceStats> => {
      child.kill('SIGUSR2')
      return JSON.parse(await line())
    }
    let pids: number[] = []
    try {
      const said = JSON.parse(await line())
      pids = said.pids
      await body({ child, port: said.addresses[0].port, addresses: said.addresses, pids, ended, line, stats })
    } finally {
      child.kill('SIGKILL')
      await ended
      await gone(pids)
    }
  })
}

const breathe = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

async function gone(pids: readonly number[]): Promise<void> {
  while (pids.some(alive)) await breathe()
}

/** True while it runs: a zombie, which nobody has asked for yet, does not. */
function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

supervised('the workers of a supervisor that is killed end', {}, async ({ child, pids, port }) => {
  assert.ok(pids.every(alive))
  const open = ask(port, 'GET /hang HTTP/1.1\r\nhost: x\r\n\r\n')
  child.kill('SIGKILL')
  await gone(pids)
  await open.ended
})

supervised('SIGHUP restarts, and SIGTERM stops, with exit code 0', {}, async (service) => {
  const { child, port, pids, ended } = service
  child.kill('SIGHUP')
  await gone(pids)
  let stats = await service.stats()
  while (stats.replaced < 2) stats = await service.stats()
  assert.ok(stats.workers.every(({ pid, state }) => state !== 'ready' || !pids.includes(pid)))
  await page(port)
  child.kill('SIGTERM')
  assert.equal(JSON.parse(await service.line()).state, 'stopped')
  assert.deepEqual(await ended, [0, null])
  await gone(stats.workers.map(({ pid }) => pid))
})

supervised(
  'a second SIGINT does not wait for what is stuck',
  { grace: 600_000 },
  async ({ child, port, ended, pids }) => {
    const stuck = ask(port, 'GET /hang HTTP/1.1\r\nhost: x\r\n\r\n')
    const idle = ask(port, 'GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    await page(port)
    child.kill('SIGINT')
    await idle.ended
    assert.ok(pids.some(alive))
    child.kill('SIGINT')
    assert.deepEqual(await ended, [0, null])
    await stuck.ended
  },
)

supervised(
  'where the kernel spreads connections, neither a restart nor a death costs those of others',
  {
    spread: 'kernel',
    linger: 5000,
  },
  async (service) => {
    const load = new Load(service.port, { kept: 4, fresh: 2 })
    while (load.answered < 200) await breathe()
    service.child.kill('SIGHUP')
    await gone(service.pids)
    const { answered } = load
    while (load.answered < answered + 300) await breathe()
    assert.deepEqual(load.failures, [])
    const { workers } = await service.stats()
    const ready = workers.filter(({ state }) => state === 'ready')
    const victim = ready[0]?.pid as number
    process.kill(victim, 'SIGKILL')
    await gone([victim])
    const { answered: then } = load
    while (load.answered < then + 300) await breathe()
    await load.stop()
    assert.ok(load.failures.length <= 6)
    service.child.kill('SIGTERM')
    await service.ended
  },
)

supervised(
  'TLS, and a Unix socket with a mode, are shared as a port is',
  { workers: 2, listens: 2 },
  async ({ addresses, pids, child, ended }) => {
    const [secure, unix] = addresses as [Address, Address]
    const heard = new Set<string>()
    while (heard.size < 2) {
      const socket = connectTls({ port: secure.port as number, host: '127.0.0.1', rejectUnauthorized: false })
      const [text] = await once(socket.setEncoding('utf8'), 'data')
      heard.add(text)
      socket.destroy()
    }
    assert.deepEqual([...heard].sort(), pids.map((pid) => `600 ${pid}`).sort())
    assert.match(unix.path ?? '', /fibril-serving-/)
    child.kill('SIGTERM')
    assert.deepEqual(await ended, [0, null])
  },
  new URL('./tls-program.js', import.meta.url).href,
)
