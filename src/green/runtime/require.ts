/**
 * CommonJS modules whose top level parks. `require` is a native frame around the body of the module that it loads. So a body
 * that compiled code is known to be loading is not run there: it is put aside, `require` returns, and the body runs in the
 * task that wants it. The module is in `require.cache` meanwhile, as it always is while its body runs; who else comes for
 * it, in another task, waits until it is complete.
 */
import { Future, machine, type TaskView } from '../../core/index.ts'
import { declareParking } from './compiled.ts'
import { enter, resumedValue } from './frame.ts'
import { park, parkable } from './park.ts'
import { callees, type GreenBody, state } from './state.ts'

interface LoadedModule {
  readonly filename: string
  exports: unknown
  loaded: boolean
}

interface Require {
  (name: string): unknown
  resolve(name: string): string
  readonly cache: Record<string, LoadedModule | undefined>
}

interface Loading {
  readonly id: string
  module: LoadedModule | null
  body: GreenBody | null
}

let loading: Loading | null = null

/** The modules whose bodies run, and for whom. */
const running = new Map<string, { readonly task: TaskView | null; readonly end: Future<void> }>()

const waitForEnd = parkable(function require(end: Future<void>): void {
  return park(end.wait())
})

/** `require(name)` of compiled code. */
export const load: (require: Require, ...args: unknown[]) => unknown = declareParking(function load(
  require: Require,
  ...args: unknown[]
): unknown {
  const announced = state.next
  state.next = 0
  const [name] = args as [string]
  return announced === 0 || typeof name !== 'string' ? require(name) : enter(announced, 0, requiring(require, name))
})

function* requiring(require: Require, name: string): GreenBody {
  const { depth } = state
  const id = require.resolve(name)
  const other = running.get(id)
  if (other !== undefined && other.task !== machine.task) {
    callees[depth] = waitForEnd
    state.next = depth
    waitForEnd(other.end)
    if (machine.registers.op !== null) resumedValue(yield)
  }
  const outer = loading
  const own: Loading = { id, module: null, body: null }
  loading = own
  let exports: unknown
  try {
    exports = require(name)
  } finally {
    loading = outer
  }
  const { module, body } = own
  if (module === null || body === null) return exports
  const end = new Future<void>(`${name} to be loaded`)
  running.set(id, { task: machine.task, end })
  module.loaded = false
  try {
    callees[depth] = runBody
    state.next = depth
    runBody(body)
    if (machine.registers.op !== null) resumedValue(yield)
    module.loaded = true
  } finally {
    // A body that failed, or was cancelled, is run once more by who comes next.
    if (!module.loaded) delete require.cache[id]
    running.delete(id)
    end.resolve()
  }
  return module.exports
}

const runBody = declareParking(function runBody(body: GreenBody): unknown {
  const announced = state.next
  state.next = 0
  return enter(announced, 0, body)
})

/** The body of a CommonJS module that is not the program's first. Run at once, unless `load` has asked for it. */
export function required(module: LoadedModule, body: GreenBody): unknown {
  if (loading === null || loading.id !== module.filename) return aside(module.filename, body)
  loading.module = module
  loading.body = body
  loading = null
  return undefined
}

/** Where nobody knows how to wait for it. */
function aside(filename: string, body: GreenBody): unknown {
  const { importing } = state
  state.importing = filename
  try {
    return enter(0, 0, body)
  } finally {
    state.importing = importing
  }
}
