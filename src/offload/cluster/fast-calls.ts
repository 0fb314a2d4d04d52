/**
 * Theory of operation: the submitter's side of fast calls.
 *
 * A call is published once, to the queue group of all workers of its version, and the server hands it to one of them. From
 * then on only that worker knows of it; it says so once a second until it replies. Silence for longer means that the worker,
 * or a message, is gone. Then the call is lost, and it is tried again only if its function may run twice.
 *
 *     submit ──▶ server ──▶ one worker    no worker ──▶ told at once: try again until `patience` is over; nobody had it
 *        ◀─ beat, beat, reply ─┘          silence   ──▶ BrokenError, or another try if idempotent
 *
 * The results of a stream are numbered, and the worker says with each beat how many it has sent: one that was lost on the way is
 * seen, and the call fails. How many may be made is said as a sum, again after each return of the connection, so that a grant
 * that was lost does no harm.
 *
 * All replies come in at one subscription; the last part of the subject says of which try. So what comes late of a try that
 * was given up finds nobody. While the connection is down, silence means nothing: it is measured from the return on.
 */
import { createInbox, type Msg, type Subscription } from '@nats-io/transport-node'
import { BrokenError, UsageError } from '../../core/index.ts'
import { continueStack, decodeThrown } from '../revive-error.ts'
import { withoutStack } from '../site.ts'
import type { Thrown } from '../wire-error.ts'
import type { Connection } from './connection.ts'
import { type Engine, failure, type OnEnd } from './engine.ts'
import { Roster } from './roster.ts'
import type { Ticket } from './ticket.ts'
import {
  BEAT,
  type CallExtra,
  type FastCall,
  type FastReply,
  type Granted,
  LOST,
  PROGRESS,
  pack,
  RESULTS,
  RETURNED,
  type Results,
  unpack,
} from './wire.ts'

/** How fast calls are made. */
export interface FastOptions {
  /** Functions that may run twice: their calls are made again when a worker is lost. `true`: all of them. Default: none. */
  readonly idempotent?: boolean | readonly string[]
  /** How many times such a call is made at most. Default 3. */
  readonly tries?: number
  /** A worker that says nothing of a call for so many ms is given up. They speak once a second. Default 5000. */
  readonly silence?: number
  /** How long a call waits for a worker while there is none, ms. Default 2000. */
  readonly patience?: number
}

/** How often it is looked whether there is a worker by now, ms. */
const AGAIN_MS = 100

interface Try {
  readonly ticket: Ticket
  readonly bytes: Uint8Array
  readonly count: number
  readonly since: number
  heard: number
  worker: string | null
  /** Of a stream: how many results have come, how many may be made, and whom to tell. */
  received: number
  granted: number
  control: string | null
}

export class FastCalls implements Engine {
  private readonly connection: Connection
  private readonly onEnd: OnEnd
  private readonly mayRepeat: (name: string) => boolean
  private readonly tries: number
  private readonly silence: number
  private readonly patience: number
  private readonly roster: Roster
  private readonly inbox = createInbox()
  private readonly subscription: Subscription
  private readonly out = new Map<string, Try>()
  private readonly tokens = new Map<Ticket, string>()
  private readonly watch: NodeJS.Timeout
  private lastToken = 0

  constructor(connection: Connection, options: FastOptions, onEnd: OnEnd) {
    const { idempotent = false, tries = 3, silence = 5000, patience = 2000 } = options
    this.connection = connection
    this.onEnd = onEnd
    this.mayRepeat = (name) => (typeof idempotent === 'boolean' ? idempotent : idempotent.includes(name))
    this.tries = tries
    this.silence = silence
    this.patience = patience
    this.roster = new Roster(connection)
    this.subscription = connection.nats.subscribe(`${this.inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.heard(message)
      },
    })
    this.watch = setInterval(() => this.findSilent(), Math.min(1000, silence / 4)).unref()
    connection.onReturn(() => {
      for (const [token, call] of this.out) {
        call.heard = performance.now()
        this.tellGranted(token, call)
      }
    })
    connection.onEnd((error) => {
      for (const [token, { ticket }] of this.out) {
        this.forget(token)
        this.onEnd(ticket, failure(error))
      }
    })
  }

  begin(ticket: Ticket): void {
    const { name, args } = ticket
    try {
      const extra = extraOf(ticket)
      const call: FastCall = extra === undefined ? [name, args] : [name, args, extra]
      const bytes = pack(call, `an argument of ${name}(…)`)
      const { maxPayload } = this.connection
      if (bytes.length > maxPayload) {
        throw new UsageError(
          `the arguments of ${name}(…) take ${bytes.length} bytes, and the server takes ${maxPayload}: use \`delivery: 'durable'\`, or raise its max_payload`,
        )
      }
      const stream = { received: 0, granted: extra?.results ?? 0, control: null }
      this.send({ ticket, bytes, count: 1, since: performance.now(), heard: 0, worker: null, ...stream })
    } catch (error) {
      this.onEnd(ticket, failure(error))
    }
  }

  grant(ticket: Ticket, count: number): void {
    const token = this.tokens.get(ticket)
    const call = token === undefined ? undefined : this.out.get(token)
    if (token === undefined || call === undefined) return
    call.granted += count
    this.tellGranted(token, call)
  }

  cancel(ticket: Ticket): void {
    const token = this.tokens.get(ticket)
    if (token === undefined) return
    this.forget(token)
    if (!this.connection.nats.isClosed())
      this.connection.nats.publish(this.connection.names.cancel, `${this.inbox}.${token}`)
  }

  async close(): Promise<void> {
    clearInterval(this.watch)
    if (this.connection.nats.isClosed()) return
    this.subscription.unsubscribe()
    await this.connection.flush()
  }

  private send(call: Try): void {
    const { nats, names, version } = this.connection
    if (nats.isClosed()) {
      const message = `${call.ticket.name}(…) was not run: the connection of cluster "${names.cluster}" is closed`
      return this.onEnd(call.ticket, failure(withoutStack(() => new BrokenError(message))))
    }
    const token = String(++this.lastToken)
    this.out.set(token, { ...call, heard: performance.now(), worker: null })
    this.tokens.set(call.ticket, token)
    nats.publish(names.call(version), call.bytes, { reply: `${this.inbox}.${token}` })
  }

  private heard(message: Msg): void {
    const token = message.subject.slice(this.inbox.length + 1)
    const call = this.out.get(token)
    if (call === undefined) return
    if (message.headers?.code === 503) {
      this.forget(token)
      return void this.nobodyThere(call)
    }
    try {
      this.replied(token, call, unpack(message.data) as FastReply)
    } catch (error) {
      // It cannot be read, or who is told of it failed.
      if (!this.out.has(token)) return
      this.cancel(call.ticket)
      this.onEnd(call.ticket, failure(error))
    }
  }

  private replied(token: string, call: Try, [how, worker, value, micros = 0, usage]: FastReply): void {
    call.heard = performance.now()
    call.worker = worker
    const { ticket } = call
    if (how === PROGRESS) return ticket.special.onProgress?.(value)
    if (how === RESULTS) return this.take(call, value as Results)
    if (how === BEAT) return this.checkReceived(call, value)
    if (how === RETURNED) this.checkReceived(call, value)
    this.forget(token)
    if (how === LOST && this.repeat(call)) return
    if (how === RETURNED) {
      return this.onEnd(ticket, { failed: false, value, micros, usage })
    }
    const error = decodeThrown(value as Thrown)
    continueStack(error, `    at ${ticket.name} (worker ${worker} of cluster "${this.connection.names.cluster}")`)
    this.onEnd(ticket, { failed: true, value: error, micros, usage })
  }

  private take(call: Try, [results, first, control]: Results): void {
    this.checkReceived(call, first)
    call.received += results.length
    call.control = control
    call.ticket.special.take?.(results)
  }

  /** What was sent of a stream must have come: it was sent before. */
  private checkReceived({ ticket, received }: Try, sent: unknown): void {
    if (ticket.special.take === null || sent === undefined || sent === received) return
    throw new BrokenError(
      `${ticket.name}(…) was given up: of its results, number ${received + 1} was lost on the way, as when the connection to NATS breaks`,
    )
  }

  private tellGranted(token: string, { control, granted }: Try): void {
    if (control === null || this.connection.nats.isClosed()) return
    const message: Granted = [`${this.inbox}.${token}`, granted]
    this.connection.nats.publish(control, pack(message, 'a number'))
  }

  /** The server had nobody to give it to. */
  private async nobodyThere(call: Try): Promise<void> {
    const { ticket } = call
    try {
      await this.roster.hasWorker()
    } catch (error) {
      return this.onEnd(ticket, failure(error))
    }
    if (performance.now() - call.since < this.patience) {
      setTimeout(() => {
        if (ticket.waits) this.send(call)
      }, AGAIN_MS)
      return
    }
    const { cluster } = this.connection.names
    const message = `${ticket.name}(…) was not run: no worker serves cluster "${cluster}". Start one: fibril worker --nats URL --name ${cluster} MODULE`
    this.onEnd(ticket, failure(withoutStack(() => new BrokenError(message))))
  }

  private findSilent(): void {
    if (!this.connection.up) return
    const latest = performance.now() - this.silence
    for (const [token, call] of this.out) {
      if (call.heard > latest) continue
      this.forget(token)
      if (this.repeat(call)) continue
      const { name } = call.ticket
      const who = call.worker === null ? 'any worker' : `worker ${call.worker}`
      const message = `${name}(…) was lost: nothing was heard of ${who} of cluster "${this.connection.names.cluster}" for ${this.silence} ms. It may have had effects`
      const advice = this.mayRepeat(name)
        ? `; it was tried ${call.count} times`
        : ', and was not tried again: it is not marked `idempotent`'
      this.onEnd(call.ticket, failure(withoutStack(() => new BrokenError(message + advice))))
    }
  }

  private repeat(call: Try): boolean {
    if (!call.ticket.waits || !this.mayRepeat(call.ticket.name) || call.count >= this.tries) return false
    if (call.received > 0) return false // Somebody has the results of this try.
    this.send({ ...call, count: call.count + 1 })
    return true
  }

  private forget(token: string): void {
    const call = this.out.get(token)
    if (call === undefined) return
    this.out.delete(token)
    this.tokens.delete(call.ticket)
  }
}

function extraOf({ special: { extra, priority } }: Ticket): CallExtra | undefined {
  return priority === 0 ? (extra ?? undefined) : { ...extra, priority }
}
