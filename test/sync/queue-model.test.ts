// Random programs on queues of every kind, beside a model that is too simple to be wrong: plain arrays, and no waiting.
import assert from 'node:assert/strict'
import { fn, spawn, type Task } from '../../src/index.ts'
import { Queue } from '../../src/sync/index.ts'
import { waitAllBlocked } from '../../src/testing/index.ts'
import { Random } from '../../src/testing/random.ts'
import { inManyOrders } from './in-many-orders.ts'

type Kind = 'fifo' | 'lifo' | 'priority'

/** What a queue should do, told by the tasks that wait in it and what each of them will get. */
class Model {
  readonly items: number[] = []
  readonly getters: number[] = []
  readonly putters: { readonly id: number; readonly item: number }[] = []
  /** The outcome that the task of this id must have by now. */
  readonly outcomes = new Map<number, number | 'put' | 'closed' | 'cancelled'>()
  closed = false
  private readonly kind: Kind
  private readonly capacity: number

  constructor(kind: Kind, capacity: number) {
    this.kind = kind
    this.capacity = capacity
  }

  put(id: number, item: number): void {
    if (this.closed) this.outcomes.set(id, 'closed')
    else this.putters.push({ id, item })
    this.settle()
  }

  get(id: number): void {
    this.getters.push(id)
    this.settle()
  }

  cancel(id: number): void {
    if (this.outcomes.has(id)) return
    this.outcomes.set(id, 'cancelled')
    remove(this.getters, this.getters.indexOf(id))
    remove(
      this.putters,
      this.putters.findIndex((putter) => putter.id === id),
    )
  }

  close(): void {
    this.closed = true
    for (const { id } of this.putters.splice(0)) this.outcomes.set(id, 'closed')
    this.settle()
  }

  next(): number {
    if (this.kind === 'lifo') return this.items.pop() as number
    let at = 0
    if (this.kind === 'priority') {
      for (const [i, item] of this.items.entries()) if (rank(item) < rank(this.items[at] as number)) at = i
    }
    return this.items.splice(at, 1)[0] as number
  }

  private settle(): void {
    for (;;) {
      if (this.getters.length > 0 && this.items.length > 0) {
        this.outcomes.set(this.getters.shift() as number, this.next())
      } else if (this.putters.length > 0 && this.items.length < this.capacity) {
        const { id, item } = this.putters.shift() as { id: number; item: number }
        this.items.push(item)
        this.outcomes.set(id, 'put')
      } else break
    }
    if (this.closed && this.items.length === 0) for (const id of this.getters.splice(0)) this.outcomes.set(id, 'closed')
  }
}

/** Items are numbered; their rank is what a priority queue looks at. */
const rank = (item: number): number => item % 5

const remove = (list: unknown[], index: number): void => {
  if (index >= 0) list.splice(index, 1)
}

function outcomeOf(task: Task<unknown>): unknown {
  const { outcome } = task
  if (outcome === null || outcome.status === 'cancelled') return outcome?.status
  return outcome.status === 'done' ? (outcome.value ?? 'put') : outcome.error
}

const closedOr = fn(function* (op: () => PromiseLike<unknown>) {
  try {
    return yield* (op as () => ReturnType<Queue<unknown>['get']>)()
  } catch (error) {
    if ((error as { code?: string }).code === 'FIBRIL_CLOSED') return 'closed'
    throw error
  }
})

inManyOrders(
  'random programs of puts, gets, cancels and closing do what the model does',
  function* (host) {
    const random = new Random(host.seed)
    for (let program = 0; program < 10; program++) {
      const kind = (['fifo', 'lifo', 'priority'] as const)[random.below(3)] as Kind
      const capacity = [1, 2, 5, Number.POSITIVE_INFINITY][random.below(4)] as number
      const order = kind === 'priority' ? (a: number, b: number) => rank(a) - rank(b) : kind
      const queue = new Queue<number>({ capacity, order })
      const model = new Model(kind, capacity)
      const tasks: Task<unknown>[] = []
      const length = 20 + random.below(60)
      const bias = 2 + random.below(6)
      for (let turn = 0; turn < length; turn++) {
        const id = tasks.length
        const dice = random.below(20)
        if (dice < 2 && id > 0) {
          const victim = random.below(id)
          tasks[victim]?.cancel()
          model.cancel(victim)
        } else if (dice < 4) {
          const before = model.items.length
          const accepted = !model.closed && (model.getters.length > 0 || before < capacity)
          assert.equal(queue.tryPut(turn), accepted)
          if (accepted) model.put(-1 - turn, turn)
        } else if (dice < 6) {
          const ghost = -1 - turn
          if (model.items.length > 0) model.get(ghost)
          assert.equal(queue.tryGet(), model.outcomes.get(ghost))
        } else if (dice === 19 && turn > length / 2) {
          queue.close()
          model.close()
        } else if (dice < 6 + bias) {
          tasks.push(spawn(closedOr(() => queue.put(turn))))
          yield* waitAllBlocked()
          model.put(id, turn)
        } else {
          tasks.push(spawn(closedOr(() => queue.get())))
          yield* waitAllBlocked()
          model.get(id)
        }
        assert.equal(queue.size, model.items.length)
        assert.equal(queue.stats().getters, model.getters.length)
        assert.equal(queue.stats().putters, model.putters.length)
      }
      yield* waitAllBlocked()
      tasks.forEach((task, id) => {
        assert.equal(outcomeOf(task), model.outcomes.get(id), `task ${id} of program ${program}`)
      })
      queue.close('the end', { discard: true })
    }
  },
  60,
)
