import { CommandError, help } from './usage.ts'

// Each loads what it needs when it is asked for.
const commands: Readonly<Record<string, (args: string[]) => void | Promise<void>>> = {
  check: async (args) => (await import('./check.ts')).check(args),
  deferred: async (args) => (await import('./deferred.ts')).deferred(args),
  dump: async (args) => (await import('./dump.ts')).dump(args),
  jobs: async (args) => (await import('./jobs.ts')).jobs(args),
  ps: async (args) => (await import('./ps.ts')).ps(args),
  run: async (args) => (await import('./run.ts')).run(args),
  serve: async (args) => (await import('./serve.ts')).serve(args),
  top: async (args) => (await import('./top/top.ts')).top(args),
  trace: async (args) => (await import('./trace.ts')).trace(args),
  worker: async (args) => (await import('./worker.ts')).worker(args),
}

async function main([name, ...rest]: string[]): Promise<void> {
  if (name === '--help' || name === '-h' || name === 'help') return print(help)
  if (name === '--version' || name === '-v') return print(`${(await import('../green/load/index.ts')).version}\n`)
  if (name === undefined) throw new CommandError('say what to do')
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) throw new CommandError(`there is no command ${JSON.stringify(name)}`)
  if (rest[0] === '--help' || rest[0] === '-h') return print(help)
  await command(rest)
}

function print(text: string): void {
  process.stdout.write(text)
}

/** Does what the arguments say, and tells what was not understood. */
export async function command(args: string[]): Promise<void> {
  try {
    await main(args)
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    process.stderr.write(`fibril: ${error.message}\nSee fibril --help\n`)
    process.exitCode = 2
  }
}
