import { ReceiveBuffer } from '../../protocol/index.ts'
import type { Producer } from '../transports/transport.ts'
import { Protocol } from './protocol.ts'

/**
 * Theory of operation: bytes come in any pieces, and a subclass makes of them what it calls messages.
 *
 *   dataReceived ──▶ buffer ──deliver──▶ lineReceived, stringReceived, …      one loop, however it is entered
 *
 *  1. One loop delivers. What a callback does (more bytes, another mode, a pause) is seen by that loop when the
 *     callback returns: nothing nests, so any number of messages and of switches runs in constant stack.
 *  2. Bytes that are injected while it runs, by `dataReceived` inside a callback, go to the end of the buffer: after what
 *     has come already, as if they had come last.
 *  3. It stops when the protocol is paused or its transport is disconnecting. What is left stays.
 *
 * Each byte is looked at once, and copied a bounded number of times (`ReceiveBuffer`).
 */
export abstract class ReceivingProtocol extends Protocol implements Producer {
  paused = false
  /** @internal What has come and was not yet delivered. */
  protected readonly received: ReceiveBuffer<Buffer> = new ReceiveBuffer<Buffer>(allocate)
  #delivering = false

  /** @internal Takes one message from `received` and hands it on. False if it is not all there, or is to be the last for now. */
  protected abstract deliver(): boolean

  override dataReceived(data: Uint8Array): void {
    if (data.length > 0) this.received.push(asBuffer(data))
    if (this.#delivering) return
    this.#delivering = true
    try {
      while (this.received.length > 0 && !this.paused) {
        if (!this.deliver() || this.transport?.disconnecting) return
      }
    } finally {
      this.#delivering = false
    }
  }

  /** Delivers nothing until `resumeProducing`; what has come is kept, and the peer is made to wait. */
  pauseProducing(): void {
    this.paused = true
    this.transport.pauseProducing()
  }

  /** Delivers what has been kept, at once, and then what comes. */
  resumeProducing(): void {
    this.paused = false
    this.transport.resumeProducing()
    this.dataReceived(nothing)
  }

  stopProducing(): void {
    this.paused = true
    this.transport.stopProducing()
  }

  /** @internal Takes all that has come. */
  protected takeAll(): Buffer {
    return this.received.take(this.received.length)
  }
}

const nothing = Buffer.alloc(0)

function allocate(size: number): Buffer {
  return size === 0 ? nothing : Buffer.allocUnsafeSlow(size)
}

function asBuffer(data: Uint8Array): Buffer {
  return Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength)
}

/** @internal Whether what a callback returned asks to stop: anything true, but for what is merely not done yet. */
export function asksToStop(why: unknown): boolean {
  return Boolean(why) && typeof (why as { then?: unknown }).then !== 'function'
}
