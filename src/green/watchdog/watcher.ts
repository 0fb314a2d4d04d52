/** The watching thread: see `index.ts`. */
import { writeSync } from 'node:fs'
import { relative } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { type HoldFrame, placeOf, takeStack } from '../stack/index.ts'
import { BEATS, HELD, type Hold, STOP, type WatchOrder } from './messages.ts'

const FRAMES = 8

const { shared, limitMs, tell, stack: takesStack } = workerData as WatchOrder
const cells = new Int32Array(shared)

// The program starts in the same moment as this thread: what it does before its loop first comes round is watched too.
let last = performance.now()
let seen = Atomics.load(cells, BEATS)

while (Atomics.load(cells, STOP) === 0) {
  const woken = Atomics.wait(cells, BEATS, seen, limitMs)
  if (woken === 'timed-out' && isHeld()) {
    Atomics.store(cells, HELD, 1)
    await watchHold()
    Atomics.store(cells, HELD, 0)
    Atomics.notify(cells, HELD)
  }
  seen = Atomics.load(cells, BEATS)
  last = performance.now()
}
parentPort?.close()

/** From the moment that the limit has passed until the loop comes round. */
async function watchHold(): Promise<void> {
  let frames = await stackOfHold()
  while (frames?.length === 0 && Atomics.wait(cells, BEATS, seen, limitMs) === 'timed-out') frames = await stackOfHold()
  // It came round again before any code of the program was to blame.
  if (frames?.length === 0) return
  const stack = frames ?? []
  const stillHeld = isHeld()
  if (stillHeld) say(`${describe(stack)} has held the loop for ${elapsed()} ms so far`, stack)
  while (isHeld() && Atomics.load(cells, STOP) === 0) Atomics.wait(cells, BEATS, seen)
  const [top] = stack
  const hold: Hold = {
    name: top?.name ?? null,
    url: top?.url ?? null,
    line: top?.line ?? null,
    column: top?.column ?? null,
    stack,
    ms: elapsed(),
  }
  say(`${describe(stack)} held the loop for ${hold.ms} ms`, stillHeld ? [] : stack)
  parentPort?.postMessage(hold)
}

async function stackOfHold(): Promise<HoldFrame[] | null> {
  return takesStack ? takeStack(isHeld) : null
}

function isHeld(): boolean {
  return Atomics.load(cells, BEATS) === seen
}

function elapsed(): number {
  return Math.round(performance.now() - last)
}

function describe([top]: readonly HoldFrame[]): string {
  return top === undefined ? 'something (no stack could be taken)' : `${top.name} (${nearPlaceOf(top)})`
}

/** The path as seen from here. */
function nearPlaceOf(frame: HoldFrame): string {
  return placeOf(frame, (path) => relative(process.cwd(), path))
}

// Not process.stderr: in a worker it goes by way of the main thread, which is held.
function say(text: string, stack: readonly HoldFrame[]): void {
  if (!tell) return
  const frames = stack.slice(0, FRAMES).map((frame) => `\n    at ${frame.name} (${nearPlaceOf(frame)})`)
  try {
    writeSync(2, `fibril watchdog: ${text}${frames.join('')}\n`)
  } catch {
    // Nobody reads standard error (EAGAIN, EPIPE): then nobody is told.
  }
}
