/* What the benchmarks of sockets want of the machine: a core for each side, cores that stay awake, and files to open. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Skipped } from '../peers.mjs'

const here = (file) => fileURLToPath(new URL(file, import.meta.url))

/** The first two cores that this process may run on (the same one twice if there is no other); null where it cannot be pinned. */
export function coresToPin() {
  if (!works('taskset', '-V')) return null
  const list = /^Cpus_allowed_list:\s*(.+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]
  const cores = list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
  return [cores[0], cores[1] ?? cores[0]]
}

const pinned = (core, command) => (core === null ? command : ['taskset', '-c', String(core), ...command])

/** True if the command can be run, and succeeds. */
export function works(command, ...args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

/** Starts what says its port, or whatever else it has to say, in its first line. */
export async function start(command, core = null) {
  const [file, ...args] = pinned(core, command)
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'ignore'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const { value, done } = await lines.next()
  if (done) throw new Error(`${command.join(' ')} ended before it was ready`)
  return { child, lines, said: value }
}

/** What the program prints. Fails as it does. */
export async function outputOf(command, core = null) {
  const [file, ...args] = pinned(core, command)
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  for await (const text of child.stdout.setEncoding('utf8')) output += text
  if (output === '') throw new Error(`${basename(command[0])} ended without a word`)
  return output
}

/**
 * Cores that sleep take long to wake, and a server with more to do would be kept awake for free: so all are, by programs that
 * take only what nobody else wants.
 */
export async function keepAwake(cores) {
  const spinner = [process.execPath, here('spinner.mjs')]
  const spinners = await Promise.all((cores ?? [null, null]).map((core) => start(spinner, core)))
  return () => {
    for (const { child } of spinners) child.kill('SIGKILL')
  }
}

/** Compiles the source beside this file, unless that was done, and gives the path of the program. */
export function compiled(source, command) {
  const folder = here('../node_modules/.cache/')
  const [from, to] = [here(source), `${folder}${basename(source).replace('.', '-')}`]
  if (modified(to) < modified(from)) {
    mkdirSync(folder, { recursive: true })
    const { error, status, stderr } = spawnSync(command[0], [...command.slice(1), '-o', to, from], { encoding: 'utf8' })
    if (error !== undefined) throw new Skipped(`no ${command[0]} to compile ${basename(source)}`)
    if (status !== 0) throw new Error(`${command[0]} failed: ${stderr}`)
  }
  return to
}

function modified(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

/** How many of `wanted` files this process and those that it starts may have open, after an attempt to be allowed so many. */
export function openFiles(wanted) {
  const limit = () => {
    const { stdout } = spawnSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' })
    return stdout?.trim() === 'unlimited' ? Infinity : Number(stdout || wanted)
  }
  if (limit() < wanted) spawnSync('prlimit', ['--pid', String(process.pid), `--nofile=${wanted}:${wanted}`])
  return Math.min(wanted, limit())
}
