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
 * All replies come in at one subscription; the last part of the subject says of which try. So what comes late of a try that
 * was given up finds nobody. While the connection is down, silence means nothing: it is measured from the return on.
 */
import { createInbox, type Msg, type Subscription } from '@nats-io/transport-node'
import { BrokenError, UsageError } from '../../core/index.ts'
import { continueStack, decodeThrown } from '../revive-error.ts'
import { withoutStack } from '../site.ts'
import type { Thrown } from '../wire-error.ts'
import type { Connection } from './connection.ts'
import type { Engine, OnEnd } from './engine.ts'
import { Roster } from './roster.ts'
import type { Ticket } from './ticket.ts'
import { BEAT, type FastCall, type FastReply, LOST, pack, THREW, unpack } from './wire.ts'

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
      for (const call of this.out.values()) call.heard = performance.now()
    })
    connection.onEnd((error) => {
      for (const [token, { ticket }] of this.out) {
        this.forget(token)
        this.end(ticket, true, error, 0)
      }
    })
  }

  begin(ticket: Ticket): void {
    const { name, args } = ticket
    try {
      const bytes = pack([name, args] satisfies FastCall, `an argument of ${name}(…)`)
      const { maxPayload } = this.connection
      if (bytes.length > maxPayload) {
        throw new UsageError(
          `the arguments of ${name}(…) take ${bytes.length} bytes, and the server takes ${maxPayload}: use \`delivery: 'durable'\`, or raise its max_payload`,
        )
      }
      this.send({ ticket, bytes, count: 1, since: performance.now(), heard: 0, worker: null })
    } catch (error) {
      this.end(ticket, true, error, 0)
    }
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
    await this.connection.nats.flush()
  }

  private send(call: Try): void {
    const { nats, names, version } = this.connection
    if (nats.isClosed()) {
      const message = `${call.ticket.name}(…) was not run: the connection of cluster "${names.cluster}" is closed`
      return this.end(
        call.ticket,
        true,
        withoutStack(() => new BrokenError(message)),
        0,
      )
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
    let reply: FastReply
    try {
      reply = unpack(message.data) as FastReply
    } catch (error) {
      this.forget(token)
      return this.end(call.ticket, true, error, 0)
    }
    const [how, worker, value, micros = 0] = reply
    call.heard = performance.now()
    call.worker = worker
    if (how === BEAT) return
    this.forget(token)
    if (how === LOST && this.repeat(call)) return
    const failed = how === LOST || how === THREW
    const result = failed ? decodeThrown(value as Thrown) : value
    const { ticket } = call
    if (failed)
      continueStack(result, `    at ${ticket.name} (worker ${worker} of cluster "${this.connection.names.cluster}")`)
    this.end(ticket, failed, result, micros)
  }

  /** The server had nobody to give it to. */
  private async nobodyThere(call: Try): Promise<void> {
    const { ticket } = call
    try {
      await this.roster.hasWorker()
    } catch (error) {
      return this.end(ticket, true, error, 0)
    }
    if (performance.now() - call.since < this.patience) {
      setTimeout(() => {
        if (ticket.waits) this.send(call)
      }, AGAIN_MS)
      return
    }
    const { cluster } = this.connection.names
    const message = `${ticket.name}(…) was not run: no worker serves cluster "${cluster}". Start one: fibril worker --nats URL --name ${cluster} MODULE`
    this.end(
      ticket,
      true,
      withoutStack(() => new BrokenError(message)),
      0,
    )
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
      this.end(
        call.ticket,
        true,
        withoutStack(() => new BrokenError(message + advice)),
        0,
      )
    }
  }

  private repeat(call: Try): boolean {
    if (!call.ticket.waits || !this.mayRepeat(call.ticket.name) || call.count >= this.tries) return false
    this.send({ ...call, count: call.count + 1 })
    return true
  }

  private forget(token: string): void {
    const call = this.out.get(token)
    if (call === undefined) return
    this.out.delete(token)
    this.tokens.delete(call.ticket)
  }

  private end(ticket: Ticket, failed: boolean, value: unknown, micros: number): void {
    if (!ticket.waits) return
    this.onEnd(ticket, failed, micros)
    if (failed) ticket.reject(value)
    else ticket.resolve(value)
  }
}
