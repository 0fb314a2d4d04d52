/**
 * What the virtual clock must know of the real world: whether something real is under way, which may yet wake a task.
 *
 * `process.getActiveResourcesInfo()` names what keeps the process alive: sockets, servers, timers, file requests,
 * children. It does not name everything. On Node 20 to 24, zlib and WebCrypto jobs, WebAssembly compilation and idle
 * workers are missing, and on Bun the list is always empty. So what it names is proof, and what it does not name is
 * not.
 */

/** One run of what waits for the platform: sockets, timers, and all microtasks. */
export function macrotask(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Pauses that are running: their timers are nobody's work. */
let pauses = 0

/** Waits `ms` real milliseconds, or until `wake`, which is given at once, is called; then for all that came with it. */
export function pause(ms: number, given?: (wake: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    let over = false
    const done = (): void => {
      if (over) return
      over = true
      pauses--
      clearTimeout(timer)
      setImmediate(resolve)
    }
    pauses++
    const timer = setTimeout(done, ms)
    given?.(done)
  })
}

/** True where the platform names what it has under way. */
export const namesResources: boolean = (() => {
  if (typeof process.getActiveResourcesInfo !== 'function') return false
  const timer = setTimeout(() => {}, 2 ** 30)
  const named = process.getActiveResourcesInfo().includes('Timeout')
  clearTimeout(timer)
  return named
})()

/** The names of what is under way now. */
export function resources(): string[] {
  if (!namesResources) return []
  openOutput()
  const names = process.getActiveResourcesInfo()
  for (let i = pauses; i > 0; i--) names.splice(names.indexOf('Timeout'), 1)
  return names
}

/**
 * The first use of `console` opens the streams of the process, which would look like something that the run has
 * opened.
 */
function openOutput(): void {
  if (opened) return
  opened = true
  void process.stdout
  void process.stderr
}
let opened = false

/** What is under way now and was not in `before`. */
export function resourcesSince(before: readonly string[]): string[] {
  const known = [...before]
  return resources().filter((name) => {
    const at = known.indexOf(name)
    if (at >= 0) known.splice(at, 1)
    return at < 0 && !passing.has(name)
  })
}

/** What comes with the next macrotask anyway. */
const passing = new Set(['Immediate', 'TickObject'])

/**
 * Whether a program can leave it behind. A name lookup cannot be taken back by anybody, and ends by itself (the one
 * that lost a race of address families, or whose asker was cancelled, may run for seconds). A write belongs to a stream,
 * which is named itself, unless it is the output of the process: that is written to by whoever reports on the tests.
 */
export function canLeak(name: string): boolean {
  return !endsByItself.has(name)
}

const endsByItself = new Set(['GetAddrInfoReqWrap', 'GetNameInfoReqWrap', 'SimpleWriteWrap', 'WriteWrap'])
