/**
 * How green code comes into a process: hooks that compile what is loaded, a cache on disk, and what a program needs around
 * it. See `install.ts` for which hooks, `translator.ts` for what they do.
 */

export { languageOf } from './format.ts'
export { version } from './own-package.ts'
export { prepare, runProgram } from './program.ts'
export { type CheckedAtomic, type CheckedFunction, type CheckedModule, Project } from './project.ts'
export { createSelection } from './selection.ts'
export { type LoadSettings, settingsFrom } from './settings.ts'
