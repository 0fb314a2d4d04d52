import type { Socket as NodeSocket } from 'node:net'
import type { Address } from './address.ts'
import type { Handle } from './handle.ts'
import type { Receiver } from './receiver.ts'
import type { Sender } from './sender.ts'
import type { Wire } from './wire.ts'

/** How a connection behaves, as the system has it. */
export interface ConnectionOptions {
  /** Collect small writes for up to 40 ms, at the system's discretion. What is written in one turn leaves together anyway. False if left out. */
  readonly nagle?: boolean
  /** Milliseconds of silence after which the system asks whether the peer is still there; it counts whole seconds. Never if left out. */
  readonly keepAliveMs?: number
}

/** A connection, as what carries its bytes knows it. */
export interface Connected {
  readonly receiver: Receiver
  readonly sender: Sender
  readonly remote: Address
  /** What carries them now. */
  wire: Wire
}

/** What a connection is to be made of. */
export interface Carrier extends Wire {
  /** What holds the connection. */
  readonly platform: NodeSocket | Handle
  /** Begins to carry the bytes of `stream`. */
  start(stream: Connected, options: ConnectionOptions): void
  /** Nobody has it yet, so there is nobody to tell that it has broken. */
  wait(): void
  /** Nobody will. */
  drop(): void
}

/** Those that have something to send, written since the last turn ended. */
let unflushed: Sender[] = []

/** Has `sender` flushed when this turn is over. */
export function flushSoon(sender: Sender): void {
  if (unflushed.push(sender) === 1) process.nextTick(flushAll)
}

function flushAll(): void {
  const senders = unflushed
  unflushed = []
  for (const sender of senders) sender.flush()
}
