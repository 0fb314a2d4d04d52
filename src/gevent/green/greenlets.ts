import { callTo, type FaceOf, faceClass, faceOf, type Green, type Returned, thingOf } from '../../green/index.ts'
import { park, parkable } from '../../green/runtime/index.ts'
import { callMethod, type Run } from '../bodies.ts'
import * as current from '../current.ts'
import type { Throwable } from '../errors.ts'
import * as base from '../greenlet.ts'
import type { LinkCallback, LinkTarget } from '../links.ts'
import * as spawns from '../spawn.ts'
import type { WaitOptions } from '../wait-options.ts'

const greenletNames = [
  ...(['name', 'args', 'spawnedBy', 'started', 'ready', 'successful', 'dead', 'value', 'exception'] as const),
  ...(['spawnTreeLocals', 'start', 'startLater', 'get', 'join', 'kill', 'throw', 'then', 'toString'] as const),
] as const

/** What is behind a greenlet of green code: a subclass's `_run` is that of the face. */
class Behind extends base.Greenlet {
  protected override get className(): string {
    return faceOfGreenlet(this).constructor.name
  }

  protected override _run(...args: never[]): unknown {
    const face = faceOfGreenlet(this) as unknown as { _run: Run }
    return callMethod(face, face._run, args)
  }
}

/** What can be linked to: a function, or an `AsyncResult` or a queue. */
export type GreenTarget<S> = LinkCallback<S> | FaceOf<{ linked(source: never): void }>

/** A function that runs concurrently with others: as that of `fibril/gevent`, and `get`, `join`, `kill` and `with` are plain calls. */
export interface Greenlet<T = unknown> extends Green<base.Greenlet<T>, (typeof greenletNames)[number]> {
  /** Has `callback` called with this when it has ended, in a greenlet of its own; also if it has ended already. */
  link(callback: GreenTarget<this>): void
  /** As `link`, if it succeeds. */
  linkValue(callback: GreenTarget<this>): void
  /** As `link`, if it fails. */
  linkException(callback: GreenTarget<this>): void
  /** As `link`, but calls back in the loop, where nothing may wait. */
  rawlink(callback: LinkCallback<this>): void
  /** Takes a link back. */
  unlink(callback: GreenTarget<this>): void
  /** Runs `body`, and joins this when that ends; if it throws, kills this with what it threw, and does not join. */
  with<R>(body: (greenlet: this) => R): Returned<R>
}

interface GreenletClass {
  new <T = unknown, A extends readonly unknown[] = readonly unknown[]>(run?: Run<A, T> | null, ...args: A): Greenlet<T>
  /** Makes one and starts it. */
  spawn<A extends readonly unknown[], R>(run: Run<A, R>, ...args: A): Greenlet<Returned<R>>
}

type Targets = WeakMap<object, LinkTarget<base.Greenlet>>
const parking: Targets = new WeakMap()
const plain: Targets = new WeakMap()

/** What is linked for a function of users: always the same for the same one, so that it can be taken back. */
function targetFor(targets: Targets, target: object): LinkTarget<base.Greenlet> {
  if (typeof target !== 'function') return thingOf(target) as LinkTarget<base.Greenlet>
  let made = targets.get(target)
  if (made === undefined) {
    const callback = target as LinkCallback<Greenlet>
    made =
      targets === plain
        ? (source) => callback(faceOfGreenlet(source))
        : (source) => callTo(callback, [faceOfGreenlet(source)])
    Object.defineProperty(made, 'name', { value: callback.name })
    targets.set(target, made)
  }
  return made
}

const linkArgs = (target: object): unknown[] => [targetFor(parking, target)]

/** For `new`, `extends` and `instanceof`. A subclass writes `_run`, as plain code that may block. */
export const Greenlet: GreenletClass = Object.assign(
  faceClass<base.Greenlet, never>(
    base.Greenlet,
    [...greenletNames, 'link', 'linkValue', 'linkException', 'rawlink', 'unlink', 'with'],
    {
      create: (run?: Run<never[]>, ...args: unknown[]) => new Behind(run, ...args),
      args: {
        link: linkArgs,
        linkValue: linkArgs,
        linkException: linkArgs,
        rawlink: (target: object) => [targetFor(plain, target)],
        with: (body: Run<[Greenlet]>) => [(greenlet: base.Greenlet) => callTo(body, [faceOfGreenlet(greenlet)])],
      },
    },
  ) as object,
  { spawn },
) as unknown as GreenletClass

Object.defineProperty((Greenlet as unknown as { prototype: object }).prototype, 'unlink', {
  value(this: object, target: object): void {
    const greenlet = thingOf(this) as base.Greenlet
    greenlet.unlink(targetFor(parking, target))
    greenlet.unlink(targetFor(plain, target))
  },
  configurable: true,
  writable: true,
})

/** The face of a greenlet. */
export function faceOfGreenlet<T>(greenlet: base.Greenlet<T>): Greenlet<T> {
  return faceOf(Greenlet as never, greenlet)
}

/** Starts a greenlet that calls `run` with `args`: plain code, which may block. */
export function spawn<A extends readonly unknown[], R>(run: Run<A, R>, ...args: A): Greenlet<Returned<R>> {
  return faceOfGreenlet(spawns.spawn(run, ...args))
}

/** As `spawn`, after `ms` milliseconds. */
export function spawnLater<A extends readonly unknown[], R>(
  ms: number,
  run: Run<A, R>,
  ...args: A
): Greenlet<Returned<R>> {
  return faceOfGreenlet(spawns.spawnLater(ms, run, ...args))
}

/** What `spawnRaw` gives: it can be killed, and tells whether it has ended. */
export type RawGreenlet = Pick<Greenlet, 'dead' | 'kill' | 'throw' | 'args' | 'toString'>

/** As `spawn`, for what nobody asks about: no links, no result. */
export function spawnRaw<A extends readonly unknown[], R>(run: Run<A, R>, ...args: A): RawGreenlet {
  return spawn(run, ...args)
}

/** The greenlet that runs now, or what stands for a task that is none. */
export function getcurrent(): Greenlet {
  return faceOfGreenlet(current.getcurrent())
}

/** Kills one greenlet: `greenlet.kill(exception, options)`. */
export const kill = parkable(function kill(
  greenlet: FaceOf<base.Greenlet>,
  exception?: Throwable,
  options?: WaitOptions,
): void {
  return park((thingOf(greenlet) as base.Greenlet).kill(exception, options))
})
