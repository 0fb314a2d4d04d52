import { deferredChain, deferredQueue, deferredTen } from './deferred.mjs'
import { echo1, echo100, echo100x16 } from './echo.mjs'
import { fairnessChatty, fairnessQueue, fairnessReady } from './fairness.mjs'
import { greenFib, greenLoop, greenMethods } from './green-calls.mjs'
import { greenCompileJs, greenCompileTs, greenStart } from './green-compile.mjs'
import { greenMemory, greenPark1, greenPark3, greenPark30, greenStay } from './green-parks.mjs'
import { greenWays } from './green-ways.mjs'
import { heapReturn } from './heap-return.mjs'
import { idleConnections } from './idle-connections.mjs'
import { linesChunks, linesPacket } from './lines.mjs'
import { overheadEcho, overheadSpawn, overheadSwitch, snapshotSize } from './overhead.mjs'
import { perf2 } from './perf2.mjs'
import { queueBuffered, queuePingpong } from './queue.mjs'
import { sleepersMemory, sleepersTime } from './sleepers.mjs'
import { spawnJoin, spawnJoinPark } from './spawn-join.mjs'
import { switch2, switch1000 } from './switch.mjs'
import { tlsBulk, tlsEcho } from './tls.mjs'
import { tornadoQueue, tornadoSpawn, tornadoSwitch } from './tornado.mjs'

/**
 * One benchmark.
 *
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} title What is done, and what one operation is.
 * @property {Metric[]} metrics The columns. The first is compared with the reference.
 * @property {string} [reference] The contender that ratios are against.
 * @property {Goal[]} goals
 * @property {number} rounds How often each contender gets a fresh process, unless `--rounds` says otherwise.
 * @property {Sizes} sizes Operations per run, by contender where one needs its own.
 * @property {Record<string, () => Promise<unknown>>} contenders By name: loads the peer and gives what `measure` takes.
 * @property {(workload: any, size: number, options: { quick: boolean }) => Promise<Result>} measure Runs in the child.
 *
 * @typedef {{ key: string, title: string }} Metric
 * @typedef {Record<string, number>} Result By key of metric; a metric may be missing.
 * @typedef {{ default: Size } & Record<string, Size>} Sizes
 * @typedef {{ full: number, quick: number }} Size
 *
 * A goal of Fibril's, or of the contender `of`. With `against`, the value is its metric over that contender's, in the same round.
 * @typedef {object} Goal
 * @property {string} [of]
 * @property {string} metric
 * @property {string} [against]
 * @property {number} atMost
 * @property {number} [stretch]
 * @property {string} says The goal in words, as printed.
 */

/** @type {Scenario[]} */
export const scenarios = [
  switch2,
  switch1000,
  spawnJoin,
  spawnJoinPark,
  queueBuffered,
  queuePingpong,
  deferredTen,
  deferredQueue,
  deferredChain,
  sleepersMemory,
  sleepersTime,
  heapReturn,
  fairnessReady,
  fairnessChatty,
  fairnessQueue,
  perf2,
  echo1,
  echo100,
  echo100x16,
  idleConnections,
  linesPacket,
  linesChunks,
  tlsEcho,
  tlsBulk,
  tornadoSpawn,
  tornadoSwitch,
  tornadoQueue,
  greenFib,
  greenLoop,
  greenMethods,
  greenPark1,
  greenPark3,
  greenPark30,
  greenStay,
  greenMemory,
  greenCompileTs,
  greenCompileJs,
  greenStart,
  greenWays,
  overheadSwitch,
  overheadSpawn,
  overheadEcho,
  snapshotSize,
]
