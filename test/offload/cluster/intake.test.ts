/** How jobs of several levels come to a worker, without a server. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsMsg } from '@nats-io/jetstream'
import { Feed, type Source } from '../../../src/offload/cluster/feed.ts'
import { Intake } from '../../../src/offload/cluster/intake.ts'
import { LEVELS, type Level, levelOf } from '../../../src/offload/cluster/level.ts'

/** A question for jobs that is not answered in full. */
interface Pull {
  left: number
  readonly give: (job: string | null) => void
}

/** The queue of a level at the server. */
class Queue {
  readonly jobs: string[] = []
  /** How many were asked for, each time. */
  readonly asked: number[] = []
  private readonly pulls: Pull[] = []

  get source(): Source {
    return { fetch: async ({ max_messages }) => this.pull(max_messages) }
  }

  post(...jobs: string[]): void {
    this.jobs.push(...jobs)
    this.deliver()
  }

  postAgain(job: string): void {
    this.jobs.unshift(job)
    this.deliver()
  }

  private async *messages(count: number, jobs: AsyncIterable<string>): AsyncGenerator<JsMsg, void, void> {
    let left = count
    if (left > 0)
      for await (const job of jobs) {
        yield { subject: job, info: { pending: this.jobs.length } } as JsMsg
        if (--left === 0) return
      }
  }

  private pull(count: number) {
    this.asked.push(count)
    const given: (string | null)[] = []
    let wake = (): void => {}
    const pull: Pull = {
      left: count,
      give: (job) => {
        given.push(job)
        wake()
      },
    }
    this.pulls.push(pull)
    async function* jobs(): AsyncGenerator<string, void, void> {
      for (;;) {
        while (given.length === 0) await new Promise<void>((resolve) => (wake = resolve))
        const job = given.shift()
        if (typeof job !== 'string') return
        yield job
      }
    }
    this.deliver()
    return Object.assign(this.messages(count, jobs()), {
      stop: () => {
        pull.left = 0
        pull.give(null)
      },
    })
  }

  private deliver(): void {
    for (const pull of this.pulls) {
      for (; pull.left > 0 && this.jobs.length > 0; pull.left--) pull.give(this.jobs.shift() as string)
    }
  }
}

/** A worker with threads for `size` jobs, which take long: so none is fetched ahead. */
class Worker {
  readonly queues: Readonly<Record<Level, Queue>> = { 1: new Queue(), 0: new Queue(), [-1]: new Queue() }
  readonly begun: string[] = []
  readonly givenBack: string[] = []
  readonly intake: Intake
  private readonly ends: (() => void)[] = []

  constructor(size: number) {
    const feeds = LEVELS.map((level) => new Feed(level, this.queues[level].source))
    this.intake = new Intake(feeds, size, async ({ subject }, level) => {
      await null // as it is looked at
      if (!(await this.intake.turn(level))) {
        this.givenBack.push(subject)
        return this.queues[level].postAgain(subject)
      }
      this.begun.push(subject)
      await new Promise<void>((end) => this.ends.push(end))
      this.intake.ran(60_000)
      this.intake.stored()
    })
  }

  /** Ends the job that has run longest. */
  async next(): Promise<void> {
    this.ends.shift()?.()
    await settled()
  }

  async end(): Promise<void> {
    const finished = this.intake.finish()
    for (const end of this.ends) end()
    await finished
  }
}

/** Nothing is left to be done but to wait for what the test does. */
async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
}

const many = (name: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${name} ${i}`)
const share = (jobs: readonly string[], name: string): number => jobs.filter((job) => job.startsWith(name)).length

test('the sign of a priority is what counts', () => {
  assert.deepEqual([undefined, 0, -0, 0.5, 7, Infinity, -3].map(levelOf), [0, 0, 0, 1, 1, 1, -1])
})

test('urgent jobs come first, and the others get their share: nothing waits for ever', async () => {
  const worker = new Worker(1)
  const { queues } = worker
  for (const level of LEVELS) queues[level].post(...many({ 1: 'high', 0: 'normal', [-1]: 'low' }[level], 200))
  await settled()
  for (let i = 0; i < 2 * 21 + 3; i++) await worker.next()
  const { begun } = worker
  assert.ok(share(begun, 'high') >= 32, begun.join())
  assert.ok(share(begun, 'normal') >= 8, begun.join())
  assert.ok(share(begun, 'low') >= 2, begun.join())
  assert.deepEqual(
    begun.filter((job) => job.startsWith('high')),
    many('high', share(begun, 'high')),
    'each level in its order',
  )
  await worker.end()
})

test('jobs of one level come as fast as there is room', async () => {
  for (const level of LEVELS) {
    const worker = new Worker(4)
    const queue = worker.queues[level]
    await settled()
    queue.post(...many('job', 20))
    await settled()
    assert.deepEqual(worker.begun, many('job', 4))
    for (let i = 0; i < 16; i++) await worker.next()
    assert.deepEqual(worker.begun, many('job', 20))
    assert.deepEqual(worker.givenBack, [])
    await worker.end()
  }
})

test('a job that comes to a worker without a free thread goes back at once, the least urgent first', async () => {
  const worker = new Worker(1)
  await settled()
  worker.queues[0].post('long')
  await settled()
  worker.queues[1].post('urgent')
  worker.queues[-1].post('some time')
  await settled()
  assert.deepEqual(worker.begun, ['long'])
  assert.deepEqual(worker.givenBack.sort(), ['some time', 'urgent'])
  await worker.end()
})

test('a worker that has nothing to do asks seldom, and for no more than it can run', async () => {
  const worker = new Worker(4)
  await settled()
  const { queues } = worker
  assert.deepEqual([queues[1].asked, queues[0].asked, queues[-1].asked], [[1], [1, 3], [1]])
  await worker.end()
  assert.equal(worker.begun.length, 0)
})
