/*
 * The ways in which a program is looked at, for the benchmarks of what that costs:
 *
 *     node --import 'data:text/javascript,import{lookAt}from"…/overhead-ways.mjs";await lookAt("trace")' program.mjs
 */
import { spawn } from 'node:child_process'
import { devNull } from 'node:os'
import { Skipped } from './peers.mjs'

const inspectEntry = new URL('../dist/src/inspect/index.js', import.meta.url)

// Reads as the page does, and throws away what it reads.
const WATCHER = `
  const url = new URL(process.argv[1])
  const headers = { authorization: 'Bearer ' + url.searchParams.get('token') }
  const { body } = await fetch(new URL('/api/live', url), { headers })
  for await (const _ of body);
`

const ways = {
  /** `fibril/inspect` is loaded, and that is all. */
  async off() {
    await import(inspectEntry.href)
  },

  /** The inspector's page, and one who looks at it. */
  async watched() {
    const { inspect } = await import(inspectEntry.href)
    if (inspect === undefined) throw new Skipped('fibril/inspect has no inspect()')
    const { url } = inspect()
    spawn(process.execPath, ['--input-type=module', '-e', WATCHER, url], { stdio: 'ignore' }).unref()
    await new Promise((resolve) => setTimeout(resolve, 1000))
  },

  async reports() {
    const { watchReports } = await import(inspectEntry.href)
    watchReports({ quiet: true })
  },

  async steps() {
    const { watchSteps } = await import(inspectEntry.href)
    watchSteps()
  },

  /** To nowhere: how fast a disk is, is another matter. */
  async trace() {
    const { recordTrace } = await import(inspectEntry.href)
    recordTrace(devNull, { maxEvents: Number.MAX_SAFE_INTEGER })
  },
}

export const wayNames = Object.keys(ways)

/** Looks at this process in the way of this name, from now on. */
export const lookAt = (way) => ways[way]()

/** Node's options for a program that is looked at from its start. */
export function flagsFor(way) {
  return [
    '--import',
    `data:text/javascript,import{lookAt}from${JSON.stringify(import.meta.url)};await lookAt(${JSON.stringify(way)})`,
  ]
}
