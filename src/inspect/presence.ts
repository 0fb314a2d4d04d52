import { rmSync } from 'node:fs'
import { listeningFile, mailbox, sayListening, type Ways } from './mailbox.ts'

/** The ways in which this process says that it can be asked. */
const ways: { -readonly [Name in keyof Ways]: Ways[Name] } = {}

/**
 * Says in the mailbox that this process can be asked in this way as well; the result takes it back. An `InspectError` if nothing
 * can be written there.
 */
export function present(way: Ways): () => void {
  const folder = mailbox()
  if (Object.keys(ways).length === 0) process.on('exit', leave)
  Object.assign(ways, way)
  sayListening(folder, ways)
  return () => {
    for (const name of Object.keys(way) as (keyof Ways)[]) delete ways[name]
    if (Object.keys(ways).length > 0) return sayListening(folder, ways)
    process.off('exit', leave)
    leave()
  }
}

function leave(): void {
  rmSync(listeningFile(mailbox(), process.pid), { force: true })
}
