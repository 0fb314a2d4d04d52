/**
 * The face of `fibril/twisted`: Deferreds and what is built on them, with Twisted's names and rules.
 *
 *   drive.ts             how callbacks run                      failure.ts            an error on its way
 *   chain.ts             what waits for whom, and its end
 *   deferred.ts          a result that comes later              errors.ts             what goes wrong
 *   make.ts promises.ts  Deferreds for what is there already    deferred-wait.ts      a Deferred as an operation
 *   deferred-list.ts race.ts          several at once           inline-callbacks.ts   sequential code
 *   deferred-queue.ts deferred-lock.ts deferred-filesystem-lock.ts, with waiting-line.ts
 *   unhandled.ts         failures that nobody came for          log.ts                where errors go
 *   unfired.ts           Deferreds that have not fired          sites.ts              where they were made
 *   clock.ts             calls at a later time                  return-value.ts       how bodies returned once
 */
import { setDefaultHost } from '../core/index.ts'
import { NodeHost } from '../host/index.ts'

setDefaultHost(() => new NodeHost())

export { CancelledError, TimeoutError } from '../core/index.ts'
export { type IDelayedCall, type IReactorTime, LoopCall, loopTime } from './clock.ts'
export { type Canceller, Deferred, type Result } from './deferred.ts'
export { DeferredFilesystemLock } from './deferred-filesystem-lock.ts'
export { DeferredList, type DeferredListOptions, FirstError, gatherResults, type ListEntry } from './deferred-list.ts'
export { DeferredLock, DeferredSemaphore } from './deferred-lock.ts'
export { DeferredQueue, type DeferredQueueOptions } from './deferred-queue.ts'
export {
  AlreadyCalledError,
  AlreadyTryingToLockError,
  NoCurrentExceptionError,
  NotACoroutineError,
  QueueOverflow,
  QueueUnderflow,
} from './errors.ts'
export { type ErrorKind, Failure } from './failure.ts'
export { inlineCallbacks } from './inline-callbacks.ts'
export { type LoggedError, type LogObserver, log } from './log.ts'
export { ensureDeferred, execute, fail, maybeDeferred, succeed } from './make.ts'
export { fromPromise, toPromise } from './promises.ts'
export { FailureGroup, race } from './race.ts'
export { returnValue } from './return-value.ts'
export { getDebugging, setDebugging } from './sites.ts'
export { type UnfiredDeferred, unfiredDeferreds } from './unfired.ts'
export { reportUnclaimed } from './unhandled.ts'

/*
 * Protocols, connections, the reactor and its tasks:
 *
 *   protocols/        what bytes mean: protocols and their factories     transports/   what carries them
 *   reactor/          calls to come, ports, connectors, threads          endpoints/    where to connect to, where to listen
 *   tasks/            what is done again and again, or in slices         services/     connections that come back
 *   network-errors.ts what becomes of connections
 */

export {
  connectProtocol,
  HostnameEndpoint,
  type HostnameOptions,
  SSL4ClientEndpoint,
  StreamClientEndpoint,
  TCP4ClientEndpoint,
  TCP6ClientEndpoint,
  UNIXClientEndpoint,
  wrapClientTLS,
} from './endpoints/client.ts'
export {
  SSL4ServerEndpoint,
  type StreamServerEndpoint,
  TCP4ServerEndpoint,
  TCP6ServerEndpoint,
  UNIXServerEndpoint,
} from './endpoints/server.ts'
export { clientFromString, quoteStringArgument, serverFromString } from './endpoints/strings.ts'
export {
  AlreadyCalled,
  AlreadyCancelled,
  CannotListenError,
  ConnectBindError,
  ConnectError,
  ConnectingCancelledError,
  ConnectionAborted,
  ConnectionClosed,
  ConnectionDone,
  ConnectionLost,
  ConnectionRefusedError,
  ConnectTimeoutError,
  DNSLookupError,
  NoProtocol,
  NoRouteError,
  NotConnectingError,
  ReactorAlreadyRunning,
  ReactorNotRestartable,
  ReactorNotRunning,
  SSLError,
  StringTooLongError,
} from './network-errors.ts'
export { ClientFactory } from './protocols/client-factory.ts'
export { LineOnlyReceiver, LineReceiver } from './protocols/line-receiver.ts'
export { Factory, type HalfCloseable, Protocol, ServerFactory } from './protocols/protocol.ts'
export {
  Int8StringReceiver,
  Int16StringReceiver,
  Int32StringReceiver,
  IntNStringReceiver,
  NetstringReceiver,
} from './protocols/string-receivers.ts'
export { Clock, type ReactorTime } from './reactor/clock.ts'
export { Connector, type ConnectorFactory } from './reactor/connector.ts'
export { deferOperation } from './reactor/defer-operation.ts'
export { DelayedCall } from './reactor/delayed-call.ts'
export type {
  ClientOptions,
  ListenerOptions,
  TlsClientSettings,
  TlsServerSettings,
  UnixListenerOptions,
} from './reactor/options.ts'
export { Port } from './reactor/port.ts'
export { Reactor, type ReactorOptions, reactor } from './reactor/reactor.ts'
export type { Selectable } from './reactor/selectables.ts'
export type { Phase, TriggerId } from './reactor/system-event.ts'
export {
  deferToThread,
  exposeToThreads,
  type Functions,
  type ReactorThread,
  reactorThread,
  type ThreadDoor,
} from './reactor/threads.ts'
export { type BackoffPolicyOptions, backoffPolicy, type RetryPolicy } from './services/backoff-policy.ts'
export { ClientService, type ClientServiceOptions } from './services/client-service.ts'
export { ReconnectingClientFactory } from './services/reconnecting-client-factory.ts'
export {
  CooperativeTask,
  Cooperator,
  type CooperatorOptions,
  coiterate,
  cooperate,
  NotPaused,
  SchedulerError,
  SchedulerStopped,
  TaskDone,
  TaskFailed,
  TaskFinished,
  TaskStopped,
  type WorkIterator,
} from './tasks/cooperator.ts'
export { deferLater } from './tasks/defer-later.ts'
export { LoopingCall } from './tasks/looping-call.ts'
export { type ReactOptions, react, SystemExit } from './tasks/react.ts'
export { type ConnectedPair, connectedPair, type PairOptions } from './transports/connected-pair.ts'
export { StringTransport } from './transports/string-transport.ts'
export type { Address, Consumer, Producer, PullProducer, Transport } from './transports/transport.ts'
