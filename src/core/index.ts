/**
 * The engine: tasks, operations and the loop, without a platform. What follows is all that the floors above may use.
 *
 *   run.ts        run, spawn, openScope: where tasks start          loop.ts       the loop: time, ready, idle
 *   scope.ts      a block whose tasks end with it                   task.ts       a stack of frames, and how it unwinds
 *   timeout.ts    a limit of time on a block                        call.ts       fn: a call is an operation and a frame
 *   shield.ts     a block that no cancel cuts short                 operation.ts  what can be waited for, and how to author it
 *   gather.ts     all, race, any: several at once                   machine.ts    the words that all of these speak
 *   wait.ts       promises and the rest of the awaitable world
 */

export { type Awaitable, asOperation, operationOf } from './awaitable.ts'
export { callOf, callWithFrame, fn, type TaskBody } from './call.ts'
export { DialectBody } from './dialect-body.ts'
export {
  BrokenError,
  BusyError,
  CancelledError,
  ClosedError,
  DeadlockError,
  FibrilError,
  InternalError,
  TimeoutError,
  textOf,
  UnhandledError,
  UsageError,
  type WaitEdge,
} from './errors.ts'
export { Fifo } from './fifo.ts'
export { Future } from './future.ts'
export { all, allSettled, any, type ResultOf, race } from './gather.ts'
export type { Host, Turning } from './host.ts'
export { Inspectable, KIND, newcomers } from './inspectable.ts'
export { addInstrument, type Instrument, reportInstrumentFaultsTo } from './instrument.ts'
export { Loop } from './loop.ts'
export {
  type Callable,
  type Context,
  type Frame,
  IDLE,
  type LoopView,
  machine,
  type Named,
  PARK,
  Registers,
  type Steppable,
  type TaskEnding,
  type TaskState,
  type TaskView,
  type Timer,
  type TimerBucket,
  type Unwind,
  type Waiter,
} from './machine.ts'
export { type Lister, type Opening, openings } from './openings.ts'
export {
  type Body,
  type HoldersNeeded,
  type Instruction,
  NOT_YET,
  Operation,
  type OperationIterator,
  suspend,
  Wait,
  type Wake,
} from './operation.ts'
export { messageOf, type Outcome } from './outcome.ts'
export {
  currentLoop,
  currentTask,
  OpenScope,
  openScope,
  type RunOptions,
  run,
  setDefaultHost,
  spawn,
  useLoop,
} from './run.ts'
export { Scope, type SpawnOptions, scope } from './scope.ts'
export { shield } from './shield.ts'
export { sleep } from './sleep.ts'
export { Task, taskTotals } from './task.ts'
export { TaskLocal, type TaskLocalOptions } from './task-local.ts'
export { addCaller, addCallerByName, callersOf, captureSite, siteLines, withoutEngine } from './task-stack.ts'
export { timeout, timeoutOr } from './timeout.ts'
export { wait } from './wait.ts'
export { ListedWait, WaitList } from './wait-list.ts'
export { PLAIN_TURN, yieldNow } from './yield-now.ts'
