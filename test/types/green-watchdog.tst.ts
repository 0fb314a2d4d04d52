import { type Hold, watchdog } from 'fibril/green/watchdog'

// @ts-expect-error: it is spelled limitMs
watchdog({ limit: 50 })
export const names: (string | null)[] = []
watchdog({ limitMs: 50, quiet: true, onHold: (hold: Hold) => names.push(hold.name) }).stop()
