/**
 * `node --import fibril/green/register app.ts` runs a green program with Node's own command line. Settings come from the
 * environment, where `fibril run` leaves them for what the program starts.
 */
import { prepare, settingsFrom } from '../load/index.ts'

if (process.env['FIBRIL_INSPECT']) (await import('../../inspect/index.ts')).inspectFromEnvironment()
await prepare(settingsFrom(process.env))
