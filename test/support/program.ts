import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A program of `examples/` that runs. */
export interface Program {
  readonly child: ChildProcess
  /** The next line that it prints, to either output. */
  said(): Promise<string>
  /** What it has printed and nobody was told; all of it, once it has ended. */
  rest(): string[]
  /** Its exit code, and the signal that ended it. */
  readonly ended: Promise<readonly [number | null, NodeJS.Signals | null]>
}

/** Starts one, in a process of its own, on any port that is free; `test` may do with it what it likes. */
export async function withProgram(
  path: string,
  args: readonly string[],
  test: (program: Program) => Promise<void>,
): Promise<void> {
  const script = fileURLToPath(new URL(`../../examples/${path}.js`, import.meta.url))
  const child = spawn(process.execPath, [script, ...args], { env: { ...process.env, PORT: '0' } })
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  const heard: string[] = []
  const hearers: ((line: string) => void)[] = []
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on('line', (line) => {
      const hearer = hearers.shift()
      if (hearer === undefined) heard.push(line)
      else hearer(line)
    })
  }
  const said = (): Promise<string> => {
    const line = heard.shift()
    return line === undefined ? new Promise((resolve) => hearers.push(resolve)) : Promise.resolve(line)
  }
  try {
    await test({ child, said, rest: () => heard.splice(0), ended })
  } finally {
    child.kill('SIGKILL')
    await ended
  }
}

/** The port in what a program says when it listens. */
export function portIn(line: string): number {
  const port = /:(\d+)$/.exec(line)?.[1]
  if (port === undefined) throw new Error(`the program should have said its port, and said: ${line}`)
  return Number(port)
}
