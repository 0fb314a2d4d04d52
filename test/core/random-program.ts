/**
 * Theory of operation: programs that nobody would write, and what must hold of each.
 *
 * A seed gives a program: a tree of blocks of statements. Each block is a `try … catch … finally` in a frame of its own,
 * and keeps a `Visit`, which tells how it was left. `play` runs one on the real engine and notes every violation:
 *
 *   - a `finally` runs once for each block that was entered, innermost first in each task;
 *   - who was unwound never goes on, and no caller is given a value that its callee did not return;
 *   - cleanup that runs because of a cancel runs to its end;
 *   - a `catch` sees only what programs, limits and joins throw, never a cancel of its own task, nor a fault of the engine;
 *   - a shielded block is never unwound from outside; elsewhere no wait ends well that began after a cancel or after the
 *     failure of a task beside it, or that outlasts a limit around it;
 *   - an item that was given to a task is not lost, nor given twice;
 *   - no task outlives its scope or its parent; what was made for a task is disposed.
 *
 * No program can block for good: what it waits for is given to it sooner or later by `serve`, and it joins others only
 * within a limit. So one that does not end is a wake that was lost.
 */
import {
  all,
  allSettled,
  any,
  type Body,
  CancelledError,
  currentTask,
  Future,
  fn,
  type Instrument,
  ListedWait,
  NOT_YET,
  type Operation,
  race,
  type Scope,
  scope,
  shield,
  sleep,
  spawn,
  type Task,
  TaskLocal,
  type TaskView,
  TimeoutError,
  timeout,
  timeoutOr,
  WaitList,
  yieldNow,
} from '../../src/core/index.ts'

type Statement =
  | { readonly do: 'sleep'; readonly ms: number }
  | {
      readonly do:
        | 'yield'
        | 'plain yield'
        | 'wait'
        | 'take'
        | 'put'
        | 'join'
        | 'fail'
        | 'local'
        | 'cancel self'
        | 'cancel parent'
    }
  | { readonly do: 'take or sleep' | 'take within'; readonly ms: number }
  | { readonly do: 'cancel'; readonly which: number }
  | { readonly do: 'call' | 'delegate' | 'spawn' | 'detach' | 'scope' | 'shield'; readonly block: Block }
  | { readonly do: 'limit' | 'limit or'; readonly ms: number; readonly block: Block }
  | { readonly do: 'all' | 'race' | 'any' | 'allSettled'; readonly blocks: readonly Block[] }

interface Block {
  readonly id: number
  readonly body: readonly Statement[]
  readonly cleanup: readonly Statement[]
  readonly catches: boolean
  readonly failsToClean: boolean
}

/** One activation of a block. */
interface Visit {
  readonly block: Block
  /** Null while it runs, and for good if it was unwound. */
  how: 'done' | 'failed' | null
  /** Its cleanup because of an unwinding has begun, and has ended. */
  cleaning: boolean
  cleaned: boolean
  finallies: number
  /** The visit whose frame it is in: another one if it was delegated to natively. */
  readonly frame: Visit | null
  /** Its frame is being unwound: until that has ended, nothing cuts short what runs in it. */
  unwinding: boolean
}

/** Numbers that follow from a seed. */
export function randomOf(seed: number): (n: number) => number {
  let state = seed | 0
  return (n) => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32) * n) | 0
  }
}

/** The program that `seed` stands for. In `bareCleanup`, also `finally` blocks of bare generators may wait. */
export function programOf(seed: number, bareCleanup = false): Block {
  const random = randomOf(seed)
  let left = 10 + random(40)
  let ids = 0
  const chance = (percent: number) => random(100) < percent

  function block(depth: number, bare = false): Block {
    const id = ids++
    const body = statements(depth, 1 + random(4))
    return {
      id,
      body,
      cleanup: bare && !bareCleanup ? [] : statements(Math.min(depth, 1), random(3), true),
      catches: chance(25),
      failsToClean: chance(5),
    }
  }

  function statements(depth: number, count: number, cleanup = false): Statement[] {
    const list: Statement[] = []
    for (let i = 0; i < count && left > 0; i++) list.push(statement(depth, cleanup))
    return list
  }

  function statement(depth: number, cleanup: boolean): Statement {
    left--
    const ms = random(8)
    if (depth > 0 && chance(cleanup ? 25 : 60)) {
      const inner = () => block(depth - 1)
      const kinds = ['call', 'call', 'delegate', 'spawn', 'spawn', 'detach', 'scope', 'scope', 'shield'] as const
      const index = random(kinds.length + 5)
      const kind = kinds[index]
      if (kind === 'delegate')
        return cleanup ? { do: 'call', block: inner() } : { do: kind, block: block(depth - 1, true) }
      if (kind !== undefined) return { do: kind, block: inner() }
      if (index < kinds.length + 3) return { do: chance(50) ? 'limit' : 'limit or', ms, block: inner() }
      const gathers = ['all', 'race', 'any', 'allSettled'] as const
      const blocks = Array.from({ length: 1 + random(3) }, inner)
      return { do: gathers[random(4)] as 'all', blocks }
    }
    const roll = random(100)
    if (roll < 30) return { do: 'sleep', ms }
    if (roll < 42) return { do: !cleanup && chance(50) ? 'plain yield' : 'yield' }
    if (roll < 50) return { do: 'wait' }
    if (roll < 60) return { do: 'take' }
    if (roll < 65) return { do: 'take or sleep', ms }
    if (roll < 70) return { do: 'take within', ms }
    if (roll < 76) return { do: 'put' }
    if (roll < 80) return { do: 'join' }
    if (roll < 84) return { do: 'local' }
    if (roll < 88) return { do: 'cancel', which: random(1000) }
    if (roll < 91) return { do: 'cancel self' }
    if (roll < 93) return { do: 'cancel parent' }
    return cleanup ? { do: 'sleep', ms } : { do: 'fail' }
  }

  return block(5)
}

class Take extends ListedWait<number> {
  private readonly play: Play
  readonly line: WaitList<Take>

  constructor(play: Play) {
    super()
    this.play = play
    this.line = play.takers
  }

  override get reason(): string {
    return 'an item'
  }

  override attempt(): number | typeof NOT_YET {
    return this.play.items.shift() ?? NOT_YET
  }
}

/** What may end a block from outside: its scope by the failure of a task, its limit by time. */
interface Threat {
  /** When the limit passes; Infinity if it is a scope. */
  readonly deadline: number
  /** How many shields and cleanups stood around it. */
  readonly protection: number
  failed: boolean
}

/** What is noted of a task. */
interface Ledger {
  /** The blocks that it is in. */
  readonly visits: Visit[]
  /** The limits and scopes that it is in; the first is its own body's. */
  readonly threats: Threat[]
  /** Shields, and cleanups because of an unwinding, that it is in. */
  protection: number
  /** The scope that it belongs to, if nothing in that had failed before. */
  readonly owner: Threat | null
  /** What its body is, if it is a block. */
  root: Visit | null
}

/** One run of a program. */
export class Play {
  readonly trace: string[] = []
  readonly violations: string[] = []
  readonly items: number[] = []
  readonly takers = new WaitList<Take>()
  readonly futures = Array.from({ length: 3 }, (_, i) => new Future<string>(`${i}`))
  readonly instrument: Instrument
  private readonly program: Block
  private readonly now: () => number
  private readonly carries: boolean
  private readonly tasks: Task<unknown>[] = []
  private readonly ledgers = new WeakMap<TaskView, Ledger>()
  private readonly visits: Visit[] = []
  private readonly thrown = new Set<unknown>()
  private readonly taken: number[] = []
  private given = 0
  private values = 0
  private readonly local: TaskLocal<number>

  /** `carries`: waits of bare generators become children of their task, and so outlive the block that they stand in. */
  constructor(program: Block, now: () => number, carries = false) {
    this.program = program
    this.now = now
    this.carries = carries
    const dispose = fn(function* (play: Play, _value: number) {
      yield* sleep(1)
      play.values--
    })
    this.local = new TaskLocal({ create: () => ++this.values, dispose: (value) => dispose(this, value) })
    this.instrument = {
      ended: (task, status) => this.taskEnded(task as Task<unknown>, status),
      spawned: (task) => void this.tasks.push(task as Task<unknown>),
    }
  }

  /** Runs the program, and gives it what it waits for, until all its tasks have ended. */
  *run(): Body<void> {
    this.tasks.length = 0 // whoever runs this
    const root = spawn.detached(this.task(this.program))
    for (let round = 0; this.tasks.some((task) => task.state !== 'ended'); round++) {
      if (round === 2000) {
        const stuck = this.tasks.filter((task) => task.state !== 'ended')
        this.violations.push(
          `never ended: ${stuck.map((task) => `${task} (${task.state}, ${task.reason})`).join('; ')}`,
        )
        break
      }
      yield* sleep(1)
      this.serve(round)
    }
    // A failure that nobody waits for is reported at the end of its turn.
    yield* sleep(1)
    this.check(root)
  }

  /** Gives those who wait what they wait for. */
  private serve(round: number): void {
    const item = this.given
    const taker = this.takers.shift()
    if (taker !== null) {
      this.given++
      taker.resume(item)
    }
    if (round > 5) this.futures[round % 3]?.tryResolve('value')
  }

  private check(root: Task<unknown>): void {
    const { violations } = this
    if (root.outcome === null) violations.push('the root has no outcome')
    for (const { block, finallies, cleaning, cleaned } of this.visits) {
      if (finallies !== 1) violations.push(`block ${block.id} was entered once, and left ${finallies} times`)
      if (cleaning && !cleaned) violations.push(`the cleanup of block ${block.id} was cut short`)
    }
    const items = [...this.taken, ...this.items].sort((a, b) => a - b)
    if (items.length !== this.given || items.some((item, i) => item !== i))
      violations.push(`${this.given} items were given, but ${items} were taken or are left`)
    if (this.takers.size > 0) violations.push(`${this.takers.size} takers are left in line`)
    for (const future of this.futures) if (future.stats().waiting > 0) violations.push(`${future} has waiters left`)
    if (this.values !== 0) violations.push(`${this.values} values were not disposed`)
  }

  private taskEnded(task: Task<unknown>, status: string): void {
    this.log(`task ${this.tasks.indexOf(task)} ${status}`)
    if (task.children.length > 0) this.violations.push(`${task} ended before its children: ${task.children}`)
    if (task.parent?.state === 'ended') this.violations.push(`${task} outlived its parent`)
    const ledger = this.ledgerOf(task)
    const { root, visits, threats, owner } = ledger
    if (status === 'failed' && owner !== null) owner.failed = true
    if (status !== 'failed' && threats[0]?.failed) this.violations.push(`${task} is ${status}, but a child failed`)
    if (root !== null && root.how !== 'done' && status === 'done')
      this.violations.push(`${task} is done, but its body was ${root.how ?? 'unwound'}`)
    if (visits.length > 0) this.violations.push(`${task} ended inside block ${visits.map(({ block }) => block.id)}`)
  }

  private ledgerOf(task: TaskView): Ledger {
    let ledger = this.ledgers.get(task)
    if (ledger === undefined) {
      const body: Threat = { deadline: Infinity, protection: 0, failed: false }
      ledger = { visits: [], threats: [body], protection: 0, owner: null, root: null }
      this.ledgers.set(task, ledger)
    }
    return ledger
  }

  /** Spawns a child that counts as one of the innermost scope. */
  private spawn(block: Block): void {
    const { threats } = this.ledgerOf(currentTask() as Task<unknown>)
    const owner = threats.findLast(({ deadline }) => deadline === Infinity) ?? null
    const child = spawn(this.task(block))
    // One that comes after the failure is cancelled only when the unwinding begins, which a shield may delay.
    if (owner?.failed === false) this.ledgers.set(child, { ...this.ledgerOf(child), owner })
  }

  /** Waits, and checks that nothing should have ended the wait. */
  private *sleep(ms: number): Body<void> {
    const self = currentTask() as Task<unknown>
    const ledger = this.ledgerOf(self)
    const { threats, protection, owner } = ledger
    const failed = threats.filter((threat) => threat.failed && threat.protection === protection)
    const doomed = protection === 0 && (self.cancelled || owner?.failed === true)
    yield* sleep(ms)
    if (doomed) this.violations.push(`${self} was cancelled, and waited`)
    if (failed.length > 0) this.violations.push(`${self} waited in a scope of which a task had failed`)
    const late = threats.some((threat) => threat.protection === protection && threat.deadline < this.now())
    if (late) this.violations.push(`${self} waited on when its limit had passed`)
  }

  private log(what: string): void {
    this.trace.push(`${this.now()} ms, task ${this.tasks.indexOf(currentTask() as Task<unknown>)}: ${what}`)
  }

  // -- blocks

  private readonly block: (block: Block) => Operation<string> = fn((block: Block) => this.visit(block, 'call'))
  private readonly shielded: (block: Block) => Operation<string> = fn((block: Block) => this.visit(block, 'shield'))
  private readonly task: (block: Block) => Operation<string> = fn((block: Block) => this.visit(block, 'task'))

  private *visit(block: Block, as: 'call' | 'shield' | 'task' | 'delegate'): Body<string> {
    const ledger = this.ledgerOf(currentTask() as Task<unknown>)
    const visit = this.enter(block, ledger, as === 'delegate')
    if (as === 'task') ledger.root = visit
    if (as === 'shield') ledger.protection++
    try {
      for (const statement of block.body) yield* this.statement(statement)
      visit.how = 'done'
    } catch (error) {
      this.checkCaught(error)
      this.log(`${block.id} caught`)
      if (!block.catches) {
        visit.how = 'failed'
        throw error
      }
      // A bare generator may be here because what it delegated to failed as it was unwound: to wait then is a misuse.
      if (as !== 'delegate') yield* yieldNow()
      visit.how = 'done'
    } finally {
      const unwound = visit.how === null
      this.leave(visit, ledger, as === 'shield')
      visit.cleaning = unwound
      for (const statement of block.cleanup) yield* this.guarded(statement)
      visit.cleaned = true
      if (as === 'shield') ledger.protection--
      if (visit.unwinding) ledger.protection--
      // biome-ignore lint/correctness/noUnsafeFinally: so that there are failures of cleanup
      if (block.failsToClean) throw this.failure(`cleanup of ${block.id}`)
    }
    if (visit.how === null) this.violations.push(`block ${block.id} was unwound, and went on`)
    return `value of ${block.id}`
  }

  private enter(block: Block, ledger: Ledger, isDelegate: boolean): Visit {
    this.log(`${block.id} {`)
    const frame = isDelegate ? (ledger.visits.at(-1)?.frame ?? ledger.visits.at(-1) ?? null) : null
    const visit: Visit = { block, how: null, cleaning: false, cleaned: false, finallies: 0, frame, unwinding: false }
    ledger.visits.push(visit)
    this.visits.push(visit)
    return visit
  }

  private leave(visit: Visit, ledger: Ledger, isShielded: boolean): void {
    const { block, how } = visit
    this.log(`} ${block.id} ${how ?? 'unwound'}`)
    visit.finallies++
    const innermost = ledger.visits.pop()
    if (innermost !== visit)
      this.violations.push(`block ${block.id} was left before block ${innermost?.block.id}, which is inside it`)
    if (how !== null) return
    if (isShielded) this.violations.push(`block ${block.id} is shielded, and was unwound`)
    const frame = visit.frame ?? visit
    if (!frame.unwinding) ledger.protection++
    frame.unwinding = true
  }

  private failure(what: string): Error {
    const error = new Error(what)
    this.thrown.add(error)
    return error
  }

  private checkCaught(error: unknown): void {
    if (error instanceof AggregateError) for (const each of error.errors) this.checkCaught(each)
    else if (error instanceof CancelledError) {
      if (error.task === currentTask()) this.violations.push('a cancel was caught by its own task')
    } else if (!(this.thrown.has(error) || error instanceof TimeoutError)) {
      this.violations.push(`caught what nobody threw: ${error instanceof Error ? error.stack : String(error)}`)
    }
  }

  // -- statements

  /** In cleanup: what fails there is not told to others. */
  private readonly guarded: (statement: Statement) => Operation<void> = fn((statement) => this.guard(statement))

  private *guard(statement: Statement): Body<void> {
    try {
      yield* this.statement(statement)
    } catch (error) {
      this.checkCaught(error)
    }
  }

  private *statement(statement: Statement): Body<void> {
    this.log(statement.do)
    const self = currentTask() as Task<unknown>
    switch (statement.do) {
      case 'sleep':
        yield* this.sleep(statement.ms)
        break
      case 'yield':
        yield* yieldNow()
        break
      case 'plain yield':
        if ((yield) !== undefined) this.violations.push('a plain yield was given a value')
        break
      case 'wait':
        this.expect(yield* this.futures[this.visits.length % 3] as Future<string>, 'value')
        break
      case 'take':
        this.taken.push(yield* new Take(this))
        break
      case 'take or sleep': {
        const item = yield* race([new Take(this), sleep(statement.ms)])
        if (item !== undefined) this.taken.push(item)
        break
      }
      case 'take within': {
        const item = yield* timeoutOr(statement.ms, null, new Take(this))
        if (item !== null) this.taken.push(item)
        break
      }
      case 'put': {
        const item = this.given++
        const taker = this.takers.shift()
        if (taker === null) this.items.push(item)
        else taker.resume(item)
        break
      }
      case 'join': {
        const [child] = self.children
        if (child !== undefined) yield* timeoutOr(20, null, child.join())
        break
      }
      case 'local':
        this.local.get()
        break
      case 'fail':
        throw this.failure('thrown')
      case 'cancel self':
        self.cancel('by itself')
        break
      case 'cancel parent':
        self.parent?.cancel('by its child')
        break
      case 'cancel':
        this.tasks[statement.which % this.tasks.length]?.cancel('by another')
        break
      case 'call':
        this.expect(yield* this.block(statement.block), `value of ${statement.block.id}`)
        break
      case 'delegate':
        this.expect(yield* this.visit(statement.block, 'delegate'), `value of ${statement.block.id}`)
        break
      case 'shield':
        this.expect(yield* shield(this.shielded(statement.block)), `value of ${statement.block.id}`)
        break
      case 'spawn':
        this.spawn(statement.block)
        break
      case 'detach':
        spawn.detached(this.task(statement.block))
        break
      case 'scope':
        yield* this.scoped(statement.block)
        break
      case 'limit':
      case 'limit or':
        yield* this.limited(statement.ms, statement.do === 'limit or', statement.block)
        break
      default:
        yield* this.gathered(statement.do, statement.blocks)
    }
  }

  private *limited(ms: number, gives: boolean, block: Block): Body<void> {
    const { threats, protection } = this.ledgerOf(currentTask() as Task<unknown>)
    const deadline = this.now() + ms
    threats.push({ deadline, protection, failed: false })
    try {
      const value = yield* gives ? timeoutOr(ms, 'too late', this.block(block)) : timeout(ms, this.block(block))
      if (value !== 'too late') this.expect(value, `value of ${block.id}`)
      else if (this.now() < deadline) this.violations.push('a limit passed before its time')
    } finally {
      threats.pop()
    }
  }

  private *scoped(block: Block): Body<void> {
    const open: { scope?: Scope } = {}
    const before = (currentTask() as Task<unknown>).children.length
    const { threats, protection } = this.ledgerOf(currentTask() as Task<unknown>)
    const threat = { deadline: Infinity, protection, failed: false }
    threats.push(threat)
    try {
      const value = yield* scope((inner) => {
        open.scope = inner
        return this.visit(block, 'call')
      })
      this.expect(value, `value of ${block.id}`)
      if (threat.failed) this.violations.push(`the scope of block ${block.id} is done, but a task of it failed`)
    } finally {
      threats.pop()
      const left = open.scope?.tasks ?? []
      const after = (currentTask() as Task<unknown>).children.length
      if (left.length > 0 || (after > before && !this.carries))
        this.violations.push(`the scope of block ${block.id} has ended, but not its tasks: ${left}`)
    }
  }

  private *gathered(mode: 'all' | 'race' | 'any' | 'allSettled', blocks: readonly Block[]): Body<void> {
    const before = (currentTask() as Task<unknown>).children.length
    const ops = blocks.map((block) => this.task(block))
    const values = blocks.map((block) => `value of ${block.id}`)
    try {
      if (mode === 'all') this.expect((yield* all(ops)).join(), values.join())
      else if (mode === 'allSettled') this.expect(`${(yield* allSettled(ops)).length}`, `${blocks.length}`)
      else {
        const value = yield* mode === 'race' ? race(ops) : any(ops)
        if (!values.includes(value)) this.violations.push(`${mode} gave ${value}`)
      }
    } finally {
      const after = (currentTask() as Task<unknown>).children.length
      if (after > before && !this.carries) this.violations.push(`${mode} has ended, but not its tasks`)
    }
  }

  private expect(value: string, expected: string): void {
    if (value !== expected) this.violations.push(`expected ${expected}, got ${value}`)
  }
}
