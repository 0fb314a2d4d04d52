import { builtinModules } from 'node:module'
import type { ForeignVerdict } from '../compile/index.ts'
import type { Known } from './graph.ts'

const NEVER: ForeignVerdict = { parks: false, blocks: false }

/** Of the faces for green code what does not wait itself. All else in them does. */
const starting = new Set(
  `atomic callTo currentTask faceClass faceOf faceOfKind fromNode fromWeb green httpHandler iterate mapped memoryPair netOf offload openCorrelator
  run spawn streamOf thingOf toNode toWeb toWebReadable toWebWritable transfer webHandler`.split(/\s+/),
)

/** … and of that of the gevent dialect. */
const startingGreenlets = new Set(
  `FailedToSwitch StopIteration formatRunInfo getHub getcurrent iwait local monkey printRunInfo spawn spawnLater spawnRaw
  startMonitor`.split(/\s+/),
)

/** The faces whose functions park, and those of them that do not. */
const green = new Map([
  ['./green', starting],
  ['./green/http', starting],
  ['./gevent/green', startingGreenlets],
  ['./offload/cluster/green', new Set(['credentials', 'userKey'])],
])

/** Faces in which nothing parks: what waits there is an operation. */
const operations = new Set(
  '. ./core ./sync ./protocol ./net ./net/http ./offload ./offload/worker ./offload/cluster ./testing ./green/patch ./green/watchdog ./gevent'.split(
    ' ',
  ),
)

/** Of the builtins that are patched, functions that may park though their name does not end in `Sync`. */
const patchedBesides = new Set(['randomBytes', 'sign', 'verify'])
const patched = new Set(['fs', 'child_process', 'crypto', 'zlib'])

/** What is known of a face of Fibril; null: nothing. */
export function knownFace(subpath: string): Known | null {
  if (operations.has(subpath)) return () => NEVER
  const plain = green.get(subpath)
  if (plain === undefined) return null
  return ([name], made) => {
    const waits = !made && !plain.has(name ?? '')
    return { parks: waits, blocks: waits }
  }
}

/** What is known of a module of Node's: builtins are native frames, but for those that are patched. Null: it is none. */
export function knownBuiltin(specifier: string): Known | null {
  const name = specifier.replace(/^node:/, '')
  if (name === specifier && !builtinModules.includes(name)) return null
  if (!patched.has(name)) return () => NEVER
  return (path) => {
    const last = path.at(-1) ?? ''
    // Top-level code of modules does not become asynchronous for their sake: there they go on as they always did.
    return { parks: last.endsWith('Sync') || patchedBesides.has(last), blocks: false }
  }
}
