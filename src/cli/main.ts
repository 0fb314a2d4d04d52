#!/usr/bin/env node
/** What is run first, before anything that is worth being kept compiled by the engine (Node >= 22.1). */
import module from 'node:module'

const { enableCompileCache } = module as { enableCompileCache?: () => unknown }
// A report on coverage would be less exact.
if (process.env['NODE_V8_COVERAGE'] === undefined) enableCompileCache?.()

const { command } = await import('./command.ts')
await command(process.argv.slice(2))
