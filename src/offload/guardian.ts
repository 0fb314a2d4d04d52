/**
 * Theory of operation: a child that computes reads no message, and so does not notice that its program is gone. Somebody must
 * end it who does: a shell, one for each program that has children, which reads from a pipe.
 *
 *     program ──ids of its children, a line at each change──▶ sh        the pipe ends when the program does, however it does
 *
 * Then the shell gives the children a moment, for those that are idle end by themselves, and kills the others. A shell is small; a
 * watching thread in each child would take nine megabytes, and a tenth of a second of its start. Windows needs none: there
 * Node's children are in a job that ends with the program. Where there is no `sh`, Node does the same.
 */
import { type ChildProcess, spawn } from 'node:child_process'

// What ends the program from the terminal (Ctrl-C) must not end who watches it: it may go on for a while.
const shell = `trap '' INT TERM HUP QUIT
pids=
while read -r line; do pids=$line; done
[ -z "$pids" ] && exit
sleep 0.3
kill -9 $pids 2>/dev/null`

const script = `for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) process.on(name, () => {})
let text = ''
process.stdin.on('data', (chunk) => (text = (text + chunk).split('\\n').slice(-2).join('\\n')))
process.stdin.on('end', () => {
  const pids = text.split('\\n')[0].split(' ').filter(Boolean)
  const kill = (pid) => { try { process.kill(pid, 'SIGKILL') } catch {} }
  if (pids.length > 0) setTimeout(() => pids.forEach(kill), 300)
})`

const guarded = new Set<number>()
let guardian: ChildProcess | null = null

/** Sees to it that a child does not outlive this program. To be called again, with false, when it is gone. */
export function guard(pid: number | undefined, alive: boolean): void {
  if (pid === undefined || process.platform === 'win32') return
  if (alive) guarded.add(pid)
  else if (!guarded.delete(pid)) return
  guardian ??= start('sh', ['-c', shell])
  tell()
  if (guarded.size > 0) return
  guardian.stdin?.end()
  guardian = null
}

function tell(): void {
  guardian?.stdin?.write(`${[...guarded].join(' ')}\n`)
}

function start(command: string, args: readonly string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ['pipe', 'ignore', 'ignore'] })
  const replace = (): void => {
    if (guardian !== child) return
    guardian = command === 'sh' ? start(process.execPath, ['-e', script]) : null
    tell()
  }
  child.on('error', replace)
  // A write to one that is gone.
  child.stdin?.on('error', () => {})
  child.unref()
  ;(child.stdin as unknown as { unref?(): void } | null)?.unref?.()
  return child
}
