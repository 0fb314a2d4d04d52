import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = new URL('./', import.meta.url)
const fibrilEntry = new URL('../dist/src/index.js', import.meta.url)

/** Thrown by a contender that cannot take part; the message says why, and the benchmark goes on without it. */
export class Skipped extends Error {
  name = 'Skipped'
}

/** Installs the peers of bench/package-lock.json when one of them is not there yet. */
export function installPeers() {
  const { dependencies } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8'))
  if (Object.keys(dependencies).every((peer) => existsSync(new URL(`node_modules/${peer}/package.json`, folder))))
    return
  process.stderr.write('Installing the peers into bench/node_modules (once)\n')
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: fileURLToPath(folder),
    stdio: ['ignore', process.stderr, process.stderr],
    shell: process.platform === 'win32',
  })
  if (status !== 0) throw new Error('`npm ci --prefix bench` failed: the peers are missing')
}

/** The versions that are measured, by package name. */
export function peerVersions() {
  const { dependencies } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8'))
  const versions = {}
  for (const peer of Object.keys(dependencies)) {
    const manifest = new URL(`node_modules/${peer}/package.json`, folder)
    if (existsSync(manifest)) versions[peer] = JSON.parse(readFileSync(manifest, 'utf8')).version
  }
  return versions
}

/**
 * Loads the built runtime, or skips the contender when it is not built or lacks a name that the contender needs.
 *
 * @param {string[]} names
 */
export async function loadFibril(...names) {
  if (!existsSync(fibrilEntry)) throw new Skipped('not built: run `npm run build` first')
  const fibril = await import(fibrilEntry.href)
  const missing = names.filter((name) => !(name in fibril))
  if (missing.length > 0) throw new Skipped(`fibril exports no ${missing.join(', ')}`)
  return fibril
}
