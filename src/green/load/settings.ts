/**
 * What may be said of how green code is loaded. Worker threads and child processes that register as well read it from the
 * environment, where `fibril run` put it: so the whole program is compiled in one way.
 */
export interface LoadSettings {
  /** Packages and paths that are compiled besides the program's own files: see `selection.ts` for the patterns. */
  readonly include: readonly string[]
  /** What is left as it is. Wins over `include`. */
  readonly exclude: readonly string[]
  /** Replace the blocking calls of `node:fs` and others. */
  readonly patch: boolean
  /** Keep compiled code on disk. */
  readonly cache: boolean
  /** Every call parks once: for tests. */
  readonly stress: boolean
  /** Milliseconds that one function may hold the loop before the watchdog tells; null: no watchdog. */
  readonly watchdog: number | null
  /** URL of the compiler, for tests; null: our own. */
  readonly compiler: string | null
}

export const defaults: LoadSettings = Object.freeze({
  include: Object.freeze([]),
  exclude: Object.freeze([]),
  patch: true,
  cache: true,
  stress: false,
  watchdog: null,
  compiler: null,
})

/** The environment variable that carries them, as JSON; what it leaves out is as by default. */
export const SETTINGS_VARIABLE = 'FIBRIL_GREEN'

export function settingsFrom(env: NodeJS.ProcessEnv): LoadSettings {
  const text = env[SETTINGS_VARIABLE]
  if (!text) return defaults
  try {
    return { ...defaults, ...(JSON.parse(text) as Partial<LoadSettings>) }
  } catch (error) {
    throw new Error(
      `${SETTINGS_VARIABLE} in the environment is not JSON, so the way to compile is not known: ${text}`,
      {
        cause: error,
      },
    )
  }
}

/** The text of what differs from the defaults. */
export function settingsText(settings: LoadSettings): string {
  const names = Object.keys(defaults) as (keyof LoadSettings)[]
  const said = names.filter((name) => JSON.stringify(settings[name]) !== JSON.stringify(defaults[name]))
  return JSON.stringify(Object.fromEntries(said.map((name) => [name, settings[name]])))
}
