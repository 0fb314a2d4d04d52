/**
 * Jobs, and what may happen to those who deal with them, and the account of what became of each. The jobs leave lines in a file: so
 * it is known how often each ran. `bench/cluster/faults.mjs` does it with ten thousand.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { sleep } from '../../../src/index.ts'
import { openJobs } from '../../../src/offload/cluster/index.ts'
import { NatsServer } from '../../support/nats-server.ts'
import { TcpProxy } from '../../support/tcp-proxy.ts'

const cli = fileURLToPath(new URL('../../../src/cli/main.js', import.meta.url))
const work = fileURLToPath(new URL('./cluster-work.js', import.meta.url))
const submitterFile = fileURLToPath(new URL('./account-submitter.js', import.meta.url))

/** ms. */
const LEASE = 3000
const THREADS = 2
const WORKERS = 2
/** What a worker may have begun and not stored, and what it may have in hand: see intake.ts. */
const BEGUN = 5 * THREADS
const IN_HAND = THREADS + 64
/** Longer than a lease, and than it takes to see that a wire is silent. */
const SILENCE = 20_000

/** What is asked of the submitter. */
export interface Order {
  readonly url: string
  readonly file: string
  /** A file that says how many of the jobs may be stored by now. */
  readonly gate: string
  readonly jobs: number
  /** So many of them kill their worker, give more than a message holds, or throw. */
  readonly poison: number
  readonly large: number
  readonly failing: number
}

/** What is to be done, wherever. */
export type Portion = Omit<Order, 'url' | 'file' | 'gate'>

/** What the submitter was told of its jobs. */
export interface Told {
  readonly returned: number
  readonly threw: number
  readonly dead: number
  readonly wrong: readonly string[]
}

export interface Account {
  readonly jobs: number
  /** Jobs that ran at least once; those that kill their worker leave no line. */
  readonly done: number
  readonly lost: number
  /** Runs beyond the first, and how many there may be by what was done to workers and server. */
  readonly again: number
  readonly interruptedAtMost: number
  readonly results: number
  readonly deadLetters: number
  readonly left: number
  readonly told: Told
  readonly workersStarted: number
  readonly seconds: number
}

export type Fault = keyof ReturnType<typeof faultsOf>

/**
 * In the order in which they come, each when so much of the jobs has been done. No more are stored meanwhile than are to be done by the next
 * fault: so each meets jobs that wait, however fast they are.
 */
export const faults: readonly (readonly [Fault, number])[] = [
  ['kill a worker', 0.05],
  ['kill the submitter', 0.12],
  ['kill all workers', 0.2],
  ['kill the server', 0.3],
  ['cut a worker off', 0.4],
  ['stop a worker past its lease', 0.5],
  ['restart the server', 0.6],
  ['reset all connections', 0.7],
  ['cut the submitter off', 0.8],
]

const faultsOf = (scene: Scene) => ({
  async 'kill a worker'() {
    scene.workers[0]?.kill('SIGKILL')
    scene.interruptedAtMost += BEGUN
  },
  async 'kill all workers'() {
    for (const worker of scene.workers) worker.kill('SIGKILL')
    scene.interruptedAtMost += WORKERS * BEGUN
  },
  async 'kill the submitter'() {
    scene.submitter.kill('SIGKILL')
    await once(scene.submitter, 'exit')
    scene.submit()
  },
  async 'kill the server'() {
    await scene.server.kill()
    await sleep(500)
    await scene.server.resume()
    scene.interruptedAtMost += WORKERS * IN_HAND
  },
  async 'restart the server'() {
    await scene.server.kill('SIGTERM')
    await sleep(500)
    await scene.server.resume()
    scene.interruptedAtMost += WORKERS * IN_HAND
  },
  async 'cut a worker off'() {
    scene.workerWire.hold()
    await sleep(SILENCE)
    scene.workerWire.heal()
    scene.interruptedAtMost += IN_HAND
  },
  async 'stop a worker past its lease'() {
    const [worker] = scene.workers
    worker?.kill('SIGSTOP')
    await sleep(2 * LEASE)
    worker?.kill('SIGCONT')
    scene.interruptedAtMost += IN_HAND
  },
  async 'reset all connections'() {
    scene.workerWire.reset()
    scene.submitterWire.reset()
  },
  async 'cut the submitter off'() {
    scene.submitterWire.hold()
    await sleep(2 * LEASE)
    scene.submitterWire.heal()
  },
})

/** Processes, and the wires between them. Workers that end are started again. */
class Scene implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'fibril-account-'))
  readonly file = join(this.folder, 'effects')
  readonly workers: ChildProcess[] = []
  readonly server: NatsServer
  readonly workerWire: TcpProxy
  readonly submitterWire: TcpProxy
  submitter!: ChildProcess
  told!: Promise<string>
  interruptedAtMost = 0
  workersStarted = 0
  private readonly order: Order
  private ended = false

  constructor(server: NatsServer, workerWire: TcpProxy, submitterWire: TcpProxy, order: Portion) {
    this.server = server
    this.workerWire = workerWire
    this.submitterWire = submitterWire
    this.order = { ...order, url: submitterWire.url, file: this.file, gate: join(this.folder, 'gate') }
    this.allow(0)
    this.submit()
    for (let place = 0; place < WORKERS; place++) this.work(place)
  }

  lines(): string[] {
    return existsSync(this.file) ? readFileSync(this.file, 'utf8').split('\n').slice(0, -1) : []
  }

  /** Lets this part of the jobs be stored. */
  allow(share: number): void {
    const { gate, jobs } = this.order
    // Renamed, so that it is never read half written.
    writeFileSync(`${gate}.new`, String(share * jobs))
    renameSync(`${gate}.new`, gate)
  }

  submit(): void {
    const child = spawn(process.execPath, [submitterFile, JSON.stringify(this.order)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.submitter = child
    this.told = text(child.stdout)
  }

  /** The first of them reaches the server by a wire that can be cut. */
  private work(place: number): void {
    const url = place === 0 ? this.workerWire.url : this.server.url
    const args = [cli, 'worker', '--nats', url, '--threads', String(THREADS), '--lease', String(LEASE), work]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    child.stderr.resume() // A worker that comes while the server is away says so, and is started again.
    this.workers[place] = child
    this.workersStarted++
    child.on('exit', () => {
      if (!this.ended) this.work(place)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ended = true
    const children = [...this.workers, this.submitter].filter(
      (child) => child.exitCode === null && child.signalCode === null,
    )
    for (const child of children) child.kill('SIGKILL')
    await Promise.all(children.map((child) => once(child, 'exit')))
    await Promise.all([this.workerWire.close(), this.submitterWire.close()])
    await this.server.end()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Runs the jobs through these faults, and gives the account. */
export async function keepAccount(
  order: Portion,
  through: readonly Fault[],
  onStep: (step: string) => void = () => {},
): Promise<Account> {
  const server = await NatsServer.start()
  const wires = await Promise.all([TcpProxy.open(server.port), TcpProxy.open(server.port)])
  await using scene = new Scene(server, ...wires, order)
  const { jobs, poison } = order
  const start = performance.now()
  // Whatever hangs is told of, and ends with all of its processes.
  const patience = 60_000 + 60 * jobs
  const check = (what: string): void => {
    if (performance.now() - start > patience) throw new Error(`${what}, after ${patience} ms`)
  }
  const all = faultsOf(scene)
  const wanted = faults.filter(([fault]) => through.includes(fault))
  for (const [i, [fault, share]] of wanted.entries()) {
    scene.allow(wanted[i + 1]?.[1] ?? 1)
    for (; scene.lines().length < share * jobs; await sleep(50)) check(`${fault}: too few jobs have run`)
    onStep(`${fault}, after ${scene.lines().length} runs`)
    await all[fault]()
  }
  scene.allow(1)
  let isTold = false
  void scene.told.then(() => {
    isTold = true
  })
  for (; !isTold; await sleep(50)) check('the submitter still waits')
  const told: Told = JSON.parse(await scene.told)
  onStep('the submitter has the outcome of all')
  await using open = await openJobs('cluster-work', { servers: server.url })
  // What was given out again is thrown away by whoever has it next, when its lease is over.
  const left = async () => (await open.list(jobs)).filter(({ state }) => state === 'queued' || state === 'out').length
  let counts = await open.counts()
  for (; counts.queued + counts.out + (await left()) > 0; counts = await open.counts()) {
    check(`${JSON.stringify(counts)} are still there`)
    await sleep(100)
  }
  const seconds = (performance.now() - start) / 1000

  const runs = new Map<string, number>()
  let crashes = 0
  for (const line of scene.lines()) {
    if (line === 'crash') crashes++
    else runs.set(line, (runs.get(line) ?? 0) + 1)
  }
  const again = [...runs.values()].reduce((sum, times) => sum + times - 1, 0)
  return {
    jobs,
    done: runs.size,
    lost: jobs - poison - runs.size,
    again,
    // A job that kills its worker interrupts others there.
    interruptedAtMost: scene.interruptedAtMost + crashes * BEGUN,
    results: counts.results,
    deadLetters: counts.dead,
    left: counts.queued + counts.out + (await left()),
    told,
    workersStarted: scene.workersStarted,
    seconds,
  }
}
