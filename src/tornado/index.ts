/**
 * Tornado's loops, futures and coroutines on Fibril's engine.
 *
 *   io-loop.ts handlers.ts      the loop: callbacks, timers, sockets      coroutine.ts runner.ts     generators that yield futures
 *   future.ts begin.ts          values that come later                    yieldable.ts               what may be yielded
 *   multi.ts wait-iterator.ts   several at once, or one by one            with-timeout.ts sleep.ts   time
 *   queues.ts locks.ts          between coroutines                        periodic-callback.ts       again and again
 *   yield-points.ts stack-context.ts   Tornado 4: callbacks by key, and contexts that follow them
 *   io-stream.ts tcp.ts         streams and servers                       flow-chart.ts              draws a recorded run
 *   worker-callbacks.ts         callbacks from other threads              log.ts errors.ts callbacks.ts   what goes wrong, and where
 *   testing/                    a face of its own: coroutines as tests
 */
import { setDefaultHost } from '../core/index.ts'
import { NodeHost } from '../host/index.ts'

setDefaultHost(() => new NodeHost())

export type { AnyFunction } from './callbacks.ts'
export { coroutine, engine, isCoroutineFunction } from './coroutine.ts'
export {
  BadYieldError,
  InvalidStateError,
  KeyReuseError,
  LeakedCallbackError,
  QueueEmpty,
  QueueFull,
  StackContextInconsistentError,
  StoppedError,
  StreamClosedError,
  UnknownKeyError,
  UnsatisfiableReadError,
} from './errors.ts'
export { drawFlow, type FlowEvent, type FlowRecord, recordFlow } from './flow-chart.ts'
export { type DoneCallback, Future, futureSetResultUnlessCancelled } from './future.ts'
export type { EventHandler, EventSource } from './handlers.ts'
export { type Executor, IOLoop, TimeoutHandle } from './io-loop.ts'
export { IOStream } from './io-stream.ts'
export { BoundedSemaphore, Condition, Event, Lock, Semaphore } from './locks.ts'
export { appLog, type LogHandler } from './log.ts'
export { multi } from './multi.ts'
export { PeriodicCallback, type PeriodicOptions } from './periodic-callback.ts'
export { LifoQueue, PriorityQueue, Queue } from './queues.ts'
export { Return, Runner } from './runner.ts'
export { sleep } from './sleep.ts'
export { ExceptionStackContext, nullContext, StackContext, type StackContextHooks, wrap } from './stack-context.ts'
export { TCPClient, type TCPConnectOptions, TCPServer, type TCPServerOptions } from './tcp.ts'
export { WaitIterator } from './wait-iterator.ts'
export { asFuture, withTimeout } from './with-timeout.ts'
export { addCallbackTo, type CallbackPort, callbackPort } from './worker-callbacks.ts'
export { Arguments, Callback, TaskPoint, Wait, WaitAll, YieldPoint } from './yield-points.ts'
export { type Converter, convertYielded, type MultiOptions, moment } from './yieldable.ts'
