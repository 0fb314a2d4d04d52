import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const fibril = new URL('../../src/index.js', import.meta.url).href

/** How a program of its own process ended. */
export interface Ending {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `source`, an ES module that may import from 'fibril', in a process of its own, and kills it after `limit` ms. */
export function program(source: string, flags: readonly string[] = [], limit = 20_000): Promise<Ending> {
  const folder = mkdtempSync(join(tmpdir(), 'fibril-'))
  const file = join(folder, 'program.mjs')
  writeFileSync(file, source.replaceAll(`from 'fibril'`, `from '${fibril}'`))
  const child = spawn(process.execPath, [...flags, file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limit,
    killSignal: 'SIGKILL',
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      rmSync(folder, { recursive: true })
      resolve({ code, stdout, stderr })
    })
  })
}
