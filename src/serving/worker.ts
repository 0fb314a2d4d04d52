import type { Address, Worker as ClusterWorker } from 'node:cluster'
import { Future, type Operation, suspend } from '../core/index.ts'
import { type Ending, WorkerError } from './errors.ts'
import { forget, forkWorker } from './fork.ts'
import { isOurs, type ToSupervisor, type ToWorker } from './messages.ts'
import type { ServingSettings } from './options.ts'
import { Output } from './output.ts'

/** `starting` until it listens, `ready` while it is in service, `leaving` from when it was told to end. */
export type WorkerState = 'starting' | 'ready' | 'leaving' | 'ended'

/** After its exit, what it said last may take a moment to arrive. */
const LAST_WORDS_MS = 100

/** A process of the service, as its supervisor sees it. */
export class Worker {
  readonly number: number
  readonly name: string
  readonly pid: number
  readonly startedAt: number
  state: WorkerState = 'starting'
  /** Where it listens. */
  readonly addresses: Address[] = []
  connections = 0
  accepted = 0
  /** Whether its last beat has come. */
  answered = true
  /** It ended while it was in service, which nobody had asked for. */
  diedInService = false
  /** Why it was killed, if this side did so. */
  killedFor: string | null = null
  readonly listens: Future<void>
  /** It wants to be replaced. */
  onLeave: (() => void) | null = null
  private readonly cluster: ClusterWorker
  private readonly stderr: Output
  private ending: Ending | null = null
  private readonly ended: Future<void>

  constructor(file: string, number: number, now: number, service: string, settings: ServingSettings) {
    const { prefix = false, listens } = settings
    const mark = prefix === false ? '' : prefix === true ? `[${number}] ` : prefix(number)
    this.number = number
    this.startedAt = now
    this.cluster = forkWorker(file, number, mark !== '', settings)
    const { process: child } = this.cluster
    this.pid = child.pid ?? 0
    this.name = `worker ${number} of ${service} (pid ${this.pid})`
    this.listens = new Future(`${this.name} to listen`)
    this.ended = new Future(`${this.name} to end`)
    // Both are pipes, as asked for.
    this.stderr = new Output(child.stderr as NonNullable<typeof child.stderr>, process.stderr, mark)
    if (child.stdout) new Output(child.stdout, process.stdout, mark)

    this.cluster.on('listening', (address) => {
      this.addresses.push(address)
      if (this.addresses.length >= listens) this.listens.tryResolve()
    })
    this.cluster.on('message', (message: unknown) => {
      if (isOurs<ToSupervisor>(message)) this.received(message)
    })
    // One that cannot be started, or told something, ends in any case.
    this.cluster.on('error', () => {})
    child.once('error', (error) => this.exited(null, null, error))
    child.once('exit', (code, signal) => this.exited(code, signal))
  }

  private received(message: ToSupervisor): void {
    if (message.fibril === 'leave') return this.onLeave?.()
    this.answered = true
    this.connections = message.connections
    this.accepted = message.accepted
  }

  private exited(exitCode: number | null, signal: NodeJS.Signals | null, error?: Error): void {
    if (this.ending !== null) return
    this.ending = { exitCode, signal }
    this.diedInService = this.state === 'ready'
    if (error !== undefined) this.killedFor = error.message
    const over = (): void => {
      if (this.state === 'ended') return
      clearTimeout(timer)
      forget(this.cluster)
      this.state = 'ended'
      this.connections = 0
      this.listens.tryResolve()
      this.ended.tryResolve()
    }
    // What it has started may hold its standard error open for longer than it lives.
    const timer = setTimeout(over, LAST_WORDS_MS)
    this.cluster.process.once('close', over)
  }

  toString(): string {
    return this.name
  }

  /** Waits until it has ended. Something outside the loop will tell. */
  join(): Operation<void> {
    return suspend(`${this.name} to end`, (wake) => void this.ended.then(() => wake()), { external: true })
  }

  /** Asks for a beat. */
  ask(): void {
    this.answered = false
    this.send({ fibril: 'ask' })
  }

  /** Tells it to end, in its own time. */
  drain(grace: number, linger: number): void {
    if (this.state !== 'ended') this.state = 'leaving'
    // Infinity is none of JSON's numbers.
    this.send({ fibril: 'drain', grace: Math.min(grace, LONGEST), linger: Math.min(linger, grace, LONGEST) })
  }

  /** Ends it at once, whatever it does. */
  kill(why: string): void {
    if (this.ending !== null) return
    this.killedFor ??= why
    this.cluster.process.kill('SIGKILL')
  }

  /** How it has ended, as an error. `what` is what it did not come to, if anything. */
  failure(what = ''): WorkerError {
    const ending = this.ending ?? { exitCode: null, signal: null }
    const { exitCode, signal } = ending
    const how = this.killedFor ?? (signal === null ? `it exited with code ${exitCode}` : `it was killed by ${signal}`)
    return new WorkerError(`${this.name} ended${what}: ${how}`, this.pid, ending, this.stderr.tail)
  }

  private send(message: ToWorker): void {
    if (this.cluster.process.connected) this.cluster.process.send(message, () => {})
  }
}

/** The longest that a timer can be set to. */
const LONGEST = 2 ** 31 - 1
