/**
 * The main thread's stack, taken from another thread while it runs. `Debugger.pause` reaches it wherever it is in
 * JavaScript; it stands still until `Debugger.resume`, a few milliseconds. The inspector comes and goes with each stack, since
 * a debugger that is attached has its price.
 */
import type { Debugger, Session } from 'node:inspector'
import { SourceMap } from 'node:module'
import type { HoldFrame } from './frame.ts'
import { ANONYMOUS, withoutWrappers } from './wrappers.ts'

/**
 * Milliseconds to wait for a thread that is in a native call: when it comes back, whoever called is to blame. After that the
 * hold is told without a stack.
 */
const PATIENCE = 5000
/** Milliseconds between two looks whether it is idle after all. */
const LOOK = 20

/**
 * Whether `takeStack` may be tried, asked in the thread that is to be looked at. Ask before trying: under the permission
 * model a session from another thread aborts the process in Node 22 and 24 (`Assertion failed: (parent_handle_) != nullptr`).
 * And a debugger that is attached already would be resumed by ours.
 */
export function canInspect(): boolean {
  // Undefined unless the permission model is on, whatever its type says; and there are builds without an inspector.
  const permission = process.permission as typeof process.permission | undefined
  if (permission !== undefined && !permission.has('inspector')) return false
  const inspector = process.getBuiltinModule('node:inspector') as typeof import('node:inspector') | undefined
  return inspector !== undefined && inspector.url() === undefined
}

/**
 * The frames of the program: none if the platform itself is at work, as when it loads modules, or if `held` was no longer
 * true when the thread came by. Null where there is no inspector, it is denied, or the thread did not come by at all.
 */
export async function takeStack(held: () => boolean): Promise<HoldFrame[] | null> {
  let session: Session
  try {
    const inspector = await import('node:inspector')
    session = new inspector.Session()
    session.connectToMainThread()
  } catch {
    return null
  }
  // Frames tell only the id of their script.
  const scripts = new Map<string, Debugger.ScriptParsedEventDataType>()
  session.on('Debugger.scriptParsed', ({ params }) => scripts.set(params.scriptId, params))
  const timers: NodeJS.Timeout[] = []
  try {
    return await new Promise<HoldFrame[] | null>((resolve) => {
      const patience = setTimeout(resolve, PATIENCE, null)
      const look = setInterval(() => held() || resolve([]), LOOK)
      timers.push(patience, look)
      session.on('Debugger.paused', ({ params: { callFrames } }) => {
        const frames = held() ? ofProgram(callFrames.map((frame) => sourceFrame(frame, scripts))) : []
        session.post('Debugger.resume')
        resolve(withoutWrappers(frames))
      })
      session.post('Debugger.enable')
      session.post('Debugger.pause')
    })
  } finally {
    for (const timer of timers) clearTimeout(timer)
    session.post('Debugger.disable')
    session.disconnect()
  }
}

const own = new URL('../../', import.meta.url).href
const compiling = new URL('../load/translator.js', import.meta.url).href

/** Without the platform's frames and our own; all that the compiler calls counts as ours. */
function ofProgram(frames: readonly HoldFrame[]): HoldFrame[] {
  const compiler = frames.findLastIndex(({ url }) => url === compiling)
  return frames.slice(compiler + 1).filter(({ url }) => url !== '' && !url.startsWith('node:') && !url.startsWith(own))
}

type Scripts = ReadonlyMap<string, Debugger.ScriptParsedEventDataType>

function sourceFrame({ functionName, location }: Debugger.CallFrame, scripts: Scripts): HoldFrame {
  const { scriptId, lineNumber, columnNumber = 0 } = location
  const { url = '', sourceMapURL } = scripts.get(scriptId) ?? {}
  const name = functionName || ANONYMOUS
  const entry = originOf(sourceMapURL, lineNumber, columnNumber)
  return entry === null
    ? { name, url, line: lineNumber + 1, column: columnNumber + 1 }
    : { name, url, line: entry.originalLine + 1, column: entry.originalColumn + 1 }
}

/** Where the source map inside a script says that a place comes from. */
function originOf(map: string | undefined, line: number, column: number) {
  const data = /^data:application\/json[^,]*;base64,(.*)$/.exec(map ?? '')?.[1]
  if (data === undefined) return null
  const entry = new SourceMap(JSON.parse(Buffer.from(data, 'base64').toString())).findEntry(line, column)
  return 'originalLine' in entry ? entry : null
}
