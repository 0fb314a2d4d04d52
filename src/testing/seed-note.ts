const packageRoot = import.meta.url.replace(/(dist\/)?src\/testing\/[^/]*$/, '')
// With source maps, Node shows paths in place of URLs.
const packagePath = decodeURIComponent(packageRoot.replace(/^file:\/\//, ''))
const driver = /\/src\/testing\//

/** Drops the lines of what drives a run. */
export function withoutDriver(stack: string): string {
  const drives = (line: string): boolean =>
    ((line.includes(packageRoot) || line.includes(packagePath)) && driver.test(line)) ||
    /^\s*at (play|until|outside)\.next \(/.test(line)
  return stack
    .split('\n')
    .filter((line) => !drives(line))
    .join('\n')
}

/** Where something was made, told by an error that was made there: a stack without its head line. */
export function placeOf(site: { readonly stack?: string | undefined }): string {
  return withoutDriver(site.stack ?? '').replace(/^.*\n/, '')
}

/** Tells in the stack of an error which seed replays its schedule; null if there was nothing to choose. */
export function noteSeed(error: unknown, seed: number | null): unknown {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return error
  const stack = withoutDriver(error.stack)
  const told = seed === null || stack.includes('replays this schedule')
  try {
    error.stack = told ? stack : `${stack}\n    SEED=${seed} replays this schedule`
    // Bun prints a stack of its own, and the properties.
    if (!told && process.versions['bun'] !== undefined) Object.assign(error, { SEED: seed })
  } catch {
    // A frozen error stays as it is.
  }
  return error
}
