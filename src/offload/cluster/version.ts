import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { UsageError } from '../../core/index.ts'

/** The version of a module for which none was given: a digest of its text. What it imports does not count. */
export async function versionOf(url: string): Promise<string> {
  const parsed = new URL(url)
  if (parsed.protocol !== 'file:' && parsed.protocol !== 'data:')
    throw new UsageError(`a cluster cannot tell the version of ${url}: say it by the option \`version\``)
  let text: Uint8Array | string = url
  if (parsed.protocol === 'file:') {
    try {
      text = await readFile(new URL(parsed.pathname, parsed))
    } catch (cause) {
      throw Object.assign(
        new UsageError(`a cluster cannot read ${url} to tell its version: say it by the option \`version\``),
        { cause },
      )
    }
  }
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}
