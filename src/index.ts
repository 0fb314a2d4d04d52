/**
 * The face of `fibril`.
 *
 * Floors, each on those above it in this list only: `core` (the engine) and `protocol` (bytes in, events out); `host` (Node
 * under the engine) and `sync` (queues, locks); `net` and `offload`; `testing`. The core, sync and what runs them are
 * here; sockets are in `fibril/net`, pools in `fibril/offload`, the virtual clock in `fibril/testing`.
 */
import { reportInstrumentFaultsTo, setDefaultHost } from './core/index.ts'
import { NodeHost } from './host/index.ts'

setDefaultHost(() => new NodeHost())
reportInstrumentFaultsTo((error) =>
  process.emitWarning(`an instrument failed and was removed: ${error}`, 'FibrilWarning'),
)

// One who looks for what hangs sets it; nobody else loads this.
if (process.env['FIBRIL_INSPECT'])
  void import('./inspect/index.ts').then(({ inspectFromEnvironment }) => inspectFromEnvironment())

// Authoring operations
// Errors
// The machine room
export {
  type Awaitable,
  addInstrument,
  all,
  allSettled,
  any,
  type Body,
  BrokenError,
  BusyError,
  CancelledError,
  ClosedError,
  currentLoop,
  currentTask,
  DeadlockError,
  DialectBody,
  FibrilError,
  Future,
  fn,
  type Host,
  type Instruction,
  type Instrument,
  InternalError,
  ListedWait,
  Loop,
  type Named,
  NOT_YET,
  OpenScope,
  Operation,
  type Outcome,
  openScope,
  type ResultOf,
  type RunOptions,
  race,
  run,
  Scope,
  type SpawnOptions,
  scope,
  shield,
  sleep,
  spawn,
  suspend,
  Task,
  type TaskBody,
  TaskLocal,
  type TaskLocalOptions,
  type TaskState,
  type TaskView,
  TimeoutError,
  timeout,
  timeoutOr,
  UnhandledError,
  UsageError,
  Wait,
  type WaitEdge,
  type Waiter,
  WaitList,
  type Wake,
  wait,
  yieldNow,
} from './core/index.ts'
export { NodeHost } from './host/index.ts'
// Tasks
// Waiting
// Queues and locks
export {
  Barrier,
  Channel,
  Condition,
  Event,
  Limit,
  Lock,
  mapLimit,
  Queue,
  ReentrantLock,
  Semaphore,
} from './sync/index.ts'
