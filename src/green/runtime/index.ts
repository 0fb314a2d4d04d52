/**
 * What compiled code imports, and what makes blocking functions. Nothing here is called by hand except `park`, `parkable`, `bound`
 * and `NativeFrameError`; the other names are the compiler's, and change with it.
 *
 *   state.ts     the protocol between call sites, functions and the engine     compiled.ts   which functions can be suspended
 *   frame.ts     a parked activation, and how one is entered                   park.ts       blocking primitives
 *   direct-frame.ts   the same, for functions that are compiled the direct way
 */
export { PARK } from '../../core/index.ts'
export { keeping, poolOf } from './body-pool.ts'
export { call, get, notCallable, set, superGet, superSet, template, twin } from './calls.ts'
export { canPark } from './can-park.ts'
export { bound, declareParking } from './compiled.ts'
export {
  Construction,
  constructed,
  constructing,
  define,
  derive,
  hold,
  homeOf,
  implicit,
  noDelete,
  superCall,
  superRef,
  takeMade,
  unhold,
} from './construct.ts'
export { callAsync, constructAsync, detach } from './detach.ts'
export { leave, RETURNING } from './direct-frame.ts'
export { enter, enterAgain, resumedValue } from './frame.ts'
export { begin, delegate } from './generators.ts'
export { abandon, advance, close, fail, iterate, list, open, take } from './iterate.ts'
export { overAsync } from './iterate-async.ts'
export { main, waitFor } from './main.ts'
export { NativeFrameError } from './native-frame-error.ts'
export { giveWay, park, parkable } from './park.ts'
export { pick } from './pick.ts'
export { load, required } from './require.ts'
export { dispose, disposeAll, resources } from './resources.ts'
export { state } from './state.ts'
export { stress } from './stress.ts'

import './twins/arrays.ts'
import './twins/functions.ts'
import './twins/iterators.ts'
import './twins/others.ts'
import './twins/typed-arrays.ts'
