import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { compile } from '../../src/green/compile/index.ts'
import { patchAll, unpatch } from '../../src/green/patch/index.ts'

const dir = mkdtempSync(join(tmpdir(), 'fibril-program-'))
after(() => rmSync(dir, { recursive: true }))

const url = (path: string): string => new URL(`../../src/${path}/index.js`, import.meta.url).href

/** A program whose parts wait in as many ways as there are constructs to wait in. */
const program = `
import { execFileSync } from 'node:child_process'
import fs, { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as pathOf } from 'node:path'
import { gzipSync, gunzipSync } from 'node:zlib'
import { all, Channel, connect, iterate, Limit, listen, Lock, mapLimit, Queue, run, scope, sleep, spawn, TaskLocal, timeoutOr, wait } from ${JSON.stringify(url('green'))}

class Store {
  #dir: string
  #lock = new Lock({ name: 'store' })
  constructor(...names: string[]) {
    this.#dir = mkdtempSync(pathOf(tmpdir(), 'fibril-green-'))
    for (const name of names) this.put(name, 0)
  }
  file = (name: string): string => pathOf(this.#dir, name)
  put(name: string, value: number): void {
    writeFileSync(this.file(name), gzipSync(String(value).padEnd(2000)))
  }
  get(name: string): number {
    return Number(gunzipSync(readFileSync(this.file(name))))
  }
  add(name: string, by = this.get('step')): number {
    return this.#lock.with(() => {
      const before = this.get(name)
      this.put(name, before + by)
      return before + by
    })
  }
  *entries(): Generator<readonly [string, number]> {
    for (const name of fs.readdirSync(this.#dir).sort()) yield [name, this.get(name)]
  }
  close(): void {
    fs.rmSync(this.#dir, { recursive: true })
  }
}

function counting(): string[] {
  const store = new Store('a', 'b', 'step')
  try {
    store.put('step', 2)
    const tasks = ['a', 'b', 'a', 'a'].map((name) => spawn(() => store.add(name)))
    tasks.forEach((task) => task.join())
    store.add('b', 5)
    return [...store.entries()].map(([name, value]) => name + '=' + value)
  } finally {
    store.close()
  }
}

function piping(): number[] {
  const numbers = new Queue<number>({ capacity: 2 })
  const squares = new Channel<number>()
  function square(): void {
    for (const n of numbers) squares.send(n * n)
    squares.close()
  }
  return scope(() => {
    spawn(() => {
      for (let n = 1; n <= 5; n++) numbers.put(n)
      numbers.close()
    })
    spawn(square)
    return [...squares]
  })
}

function talking(): string[] {
  const server = listen({ port: 0 })
  const serving = spawn(() => server.serve((socket) => {
    for (const line of socket.lines()) socket.write(line.toUpperCase() + '\\n')
  }))
  const said = all(['one', 'two'].map((word) => () => {
    const socket = connect({ port: server.port })
    socket.write(word + '\\n')
    const answer = socket.readLine()!
    socket.close()
    return answer
  }))
  server.stop()
  serving.join()
  return said
}

async function* later(): AsyncGenerator<string> {
  yield 'x'
  await null
  yield 'y'
}

function waiting(): string[] {
  const limit = new Limit(2)
  const local = new TaskLocal({ create: () => (sleep(1), 'local') })
  const [first] = wait([Promise.resolve('first')])
  return [
    first,
    ...iterate(later()),
    ...mapLimit([3, 1], (n) => (sleep(n), String(n)), { concurrency: 2 }),
    limit.run((text: string) => text + local.get(), 'limited '),
    timeoutOr(1, 'late', sleep, 10_000) as string,
    execFileSync(process.execPath, ['-p', '6 * 7'], { encoding: 'utf8' }).trim(),
  ]
}

async function mixed(): Promise<string> {
  const quick = await Promise.resolve('quick')
  sleep(1)
  return quick + wait(Promise.resolve(' slow')) + (fs.existsSync(tmpdir()) ? ' there' : ' gone')
}

export const result = await run(function main() {
  return { counting: counting(), piping: piping(), talking: talking(), waiting: waiting(), mixed: wait(mixed()) }
})
`

const expected = {
  counting: ['a=6', 'b=7', 'step=2'],
  piping: [1, 4, 9, 16, 25],
  talking: ['ONE', 'TWO'],
  waiting: ['first', 'x', 'y', '3', '1', 'limited local', 'late', '42'],
  mixed: 'quick slow there',
}

/** Several processes and sockets, for each of four. */
for (const stress of [false, true]) {
  for (const patched of [false, true]) {
    test(`a whole program, ${patched ? 'patched' : 'not patched'}, ${stress ? 'that parks at each call' : 'compiled as ever'}`, async () => {
      const { code } = compile(program, {
        url: import.meta.url,
        format: 'module',
        language: 'ts',
        runtime: url('green/runtime'),
        stress,
      })
      if (patched) patchAll()
      try {
        const file = join(dir, `program-${patched}-${stress}.mjs`)
        writeFileSync(file, code)
        const { result } = await import(pathToFileURL(file).href)
        assert.deepEqual(result, expected)
      } finally {
        unpatch()
      }
    })
  }
}
