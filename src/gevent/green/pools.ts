import { type FaceOf, faceClass, faceOf, type Green, type Returned, thingOf } from '../../green/index.ts'
import type { Run } from '../bodies.ts'
import type { Throwable } from '../errors.ts'
import type * as greenlets from '../greenlet.ts'
import * as groups from '../group.ts'
import type { GroupJoinOptions } from '../grouping.ts'
import type { IMapOptions } from '../imap.ts'
import * as imaps from '../imap.ts'
import * as pools from '../pool.ts'
import type { WaitOptions } from '../wait-options.ts'
import { faceOfGreenlet, type Greenlet } from './greenlets.ts'
import { iterable } from './steps.ts'

/** The results of `imap` and `imapUnordered`, one by one. Leaving the loop over them ends the map. */
export interface IMap<R> extends Iterable<R>, Disposable, FaceOf<imaps.IMap<never>> {
  /** All results that are left, or the first failure. */
  toArray(): R[]
  close(): void
}

const IMapFace = iterable(faceClass(imaps.IMap, ['close', 'toArray']), (item) => item)

function imapOf<R>(map: imaps.IMap<R>): IMap<R> {
  return faceOf(IMapFace, map)
}

/** What groups and pools share. */
interface Grouping extends Iterable<Greenlet> {
  /** How many greenlets are in it. */
  readonly size: number
  has(greenlet: Greenlet): boolean
  /** Takes a greenlet out, which runs on. True if it was in. */
  discard(greenlet: Greenlet): boolean
  /** Waits until it has been empty once: true; false if that takes longer than the timeout. */
  join(options?: GroupJoinOptions): boolean
  /** Kills all that are in it, and waits until it is empty. */
  kill(exception?: Throwable, options?: WaitOptions): void
  /** Kills one of them, and waits until it has ended. */
  killone(greenlet: Greenlet, exception?: Throwable, options?: WaitOptions): void
  full(): boolean
  /** Takes a greenlet in, when there is room. */
  add(greenlet: Greenlet, options?: WaitOptions): void
  /** Takes a greenlet in, and starts it, when there is room. */
  start(greenlet: Greenlet, options?: WaitOptions): void
  /** Starts a greenlet, when there is room. */
  spawn<A extends readonly unknown[], R>(run: Run<A, R>, ...args: A): Greenlet<Returned<R>>
  /** Runs `run` with `args` in a greenlet of this, and waits for its value. */
  apply<A extends readonly unknown[], R>(run: Run<A, R>, ...args: A): Returned<R>
  /** As `apply`, and does not wait. */
  applyAsync<A extends readonly unknown[], R>(
    run: Run<A, R>,
    args: A,
    callback?: (value: Returned<R>) => unknown,
  ): Greenlet<Returned<R>>
  /** Runs `run` with each item: the results in the order of the items. */
  map<T, R>(run: (item: T) => R, items: Iterable<T>): Returned<R>[]
  /** As `map`, and does not wait. */
  mapAsync<T, R>(run: (item: T) => R, items: Iterable<T>): Greenlet<Returned<R>[]>
  /** The results one by one, in the order of the items. */
  imap<T, R>(run: (item: T) => R, items: Iterable<T>, options?: IMapOptions): IMap<Returned<R>>
  /** The results one by one, as they come. */
  imapUnordered<T, R>(run: (item: T) => R, items: Iterable<T>, options?: IMapOptions): IMap<Returned<R>>
}

const names = [
  ...(['size', 'full', 'has', 'discard', 'join', 'kill', 'killone', 'add', 'start', 'spawn', 'apply'] as const),
  ...(['applyAsync', 'map', 'mapAsync', 'imap', 'imapUnordered'] as const),
] as const

const greenletFirst = (greenlet: Greenlet, ...rest: unknown[]): unknown[] => [thingOf(greenlet), ...rest]
const face = (greenlet: greenlets.Greenlet): Greenlet => faceOfGreenlet(greenlet)
const options = {
  args: {
    has: greenletFirst,
    discard: greenletFirst,
    killone: greenletFirst,
    add: greenletFirst,
    start: greenletFirst,
  },
  results: {
    spawn: face,
    applyAsync: face,
    mapAsync: face,
    imap: imapOf,
    imapUnordered: imapOf,
    [Symbol.iterator]: (iterator: Iterator<greenlets.Greenlet>) => facesOf(iterator),
  },
}

function* facesOf(iterator: Iterator<greenlets.Greenlet>): Generator<Greenlet> {
  for (let step = iterator.next(); step.done !== true; step = iterator.next()) yield face(step.value)
}

/** Greenlets that can be joined and killed together. */
export interface Group extends Grouping, FaceOf<groups.Group> {}
export const Group: new () => Group = faceClass<groups.Group, never>(
  groups.Group,
  [...names, Symbol.iterator as never],
  options,
)

/** A group with room for so many greenlets: `spawn` waits while it is full. */
export interface Pool
  extends Grouping,
    Green<Pick<pools.Pool, 'capacity' | 'freeCount' | 'waitAvailable'>, 'capacity' | 'freeCount' | 'waitAvailable'> {}
export const Pool: new (size?: number | null) => Pool = faceClass<pools.Pool, never>(
  pools.Pool,
  [...names, 'capacity', 'freeCount', 'waitAvailable', Symbol.iterator as never],
  options,
)
