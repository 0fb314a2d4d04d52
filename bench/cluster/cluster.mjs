import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Skipped } from '../peers.mjs'

const worker = fileURLToPath(new URL('worker.mjs', import.meta.url))
const load = () => import('../../dist/test/support/nats-server.js')

/** A nats-server of its own, and workers in processes. */
export class Cluster {
  #server
  #workers = []

  static async check() {
    const { noNats } = await load()
    if (noNats) throw new Skipped('nats-server is not installed')
  }

  static async start() {
    const cluster = new Cluster()
    const { NatsServer } = await load()
    cluster.#server = await NatsServer.start()
    return cluster
  }

  get url() {
    return this.#server.url
  }

  /** Starts a worker, as `fibril worker` does unless told otherwise, and waits until it serves. */
  async work(module, options = {}) {
    const child = fork(worker, [String(module), JSON.stringify({ servers: this.url, ...options })])
    this.#workers.push(child)
    await once(child, 'message')
  }

  async end() {
    for (const child of this.#workers) child.kill('SIGKILL')
    await this.#server.end()
  }
}
