/** Runs commands one after the other, in this process: each as an array of its arguments, all as JSON. Prints what each said. */
import { command } from '../../src/cli/command.ts'
import type { Said } from './wrong-commands.ts'

const outputs = ['stdout', 'stderr'] as const
const write = process.stdout.write.bind(process.stdout)

async function say(args: string[]): Promise<Said> {
  const said = { stdout: '', stderr: '' }
  for (const name of outputs)
    process[name].write = (text: string | Uint8Array) => {
      said[name] += String(text)
      return true
    }
  process.exitCode = undefined
  await command(args)
  return { ...said, code: Number(process.exitCode ?? 0) }
}

const all: Said[] = []
for (const args of JSON.parse(process.argv[2] ?? '[]') as string[][]) all.push(await say(args))
process.exitCode = 0
write(JSON.stringify(all))
