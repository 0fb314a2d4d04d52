/**
 * Programs made at random, from a seed, leave the same trace whether they run plainly or compiled: the direct way where that
 * can be, by generators only, and either where every call parks once; with a call at the bottom that parks always, at times
 * (which is by the seed, too), or never, and then outside of any task as well; in one module, or with a part of it in another
 * that is compiled the other way. One that is cancelled leaves the same trace whichever way it was compiled.
 */
import { strict as assert } from 'node:assert'
import { run, sleep } from '../../../src/core/index.ts'
import { blocking, compileText, echoAtRandom, evaluate, plainly, withoutUsing } from './load.ts'
import { randomFunctions } from './random-function.ts'
import { randomLayout } from './random-layout.ts'
import { randomProgram } from './random-program.ts'
import { library, randomSyntax } from './random-syntax.ts'
import { randomTemplates } from './random-templates.ts'

/** Every other program has an unusual layout. */
const laidOut = (make: (seed: number) => string) => (seed: number) =>
  seed % 2 === 0 ? randomLayout(make(seed), seed) : make(seed)

/** What programs are made, by what a test is called. */
export const kinds: Readonly<Record<string, (seed: number) => string>> = {
  programs: laidOut(randomProgram),
  'ordinary functions': laidOut(randomFunctions),
  'programs of newer syntax': laidOut((seed) => randomSyntax(seed)),
  'programs out of templates': laidOut(randomTemplates),
  'programs of two modules': laidOut((seed) => randomSyntax(seed + 1e6, { inline: false })),
  'async programs': laidOut((seed) => randomSyntax(seed, { async: true })),
  'async programs of two modules': laidOut((seed) => randomSyntax(seed + 1e6, { async: true, inline: false })),
}

type Leaf = (value: unknown) => unknown

interface Main {
  (): unknown
  readonly exports: { readonly trace: readonly unknown[] }
}

const never: Leaf = (value) => value

/** Runs a program in all these ways. Throws at the first difference. */
export async function compare(source: string, seed: number): Promise<void> {
  const plain = await finish(make({ main: withoutUsing(source), library: exported }, { ...plainly, leaf: never }))
  const cancelled: { title: string; trace: unknown }[] = []
  for (const stress of [false, true])
    for (const onlyGenerators of [false, true]) {
      const how = `${onlyGenerators ? 'by generators only' : 'both ways'}${stress ? ', under stress' : ''}`
      const code = compiled(source, stress, onlyGenerators)
      const same = async (title: string, leaf: Leaf, end = finish): Promise<void> => {
        const trace = await end(make(code, { ...blocking, leaf })).catch((error) => {
          throw new Error(`${title}, ${how}: program ${seed} failed`, { cause: error })
        })
        assert.deepEqual(trace, plain, `${title}, ${how}: program ${seed}`)
      }
      await same('where it always parks', blocking.leaf)
      await same('where it parks at times', echoAtRandom(seed) as Leaf)
      if (stress) continue
      await same('where nothing parks', never)
      await same('outside of any task', never, async (main) => await main())
      const title = `cancelled, ${how}: program ${seed}`
      cancelled.push({ title, trace: await cancel(make(code, blocking), seed % 23) })
    }
  const [first, ...others] = cancelled
  for (const { title, trace } of others) assert.deepEqual(trace, first?.trace, title)
}

interface Texts {
  readonly main: string
  readonly library: string
}

const exported = `exports.library = ${library}`
const libraries = new Map<string, string>()

/** The library is compiled the other way. */
function compiled(source: string, stress: boolean, onlyGenerators: boolean): Texts {
  const key = `${stress} ${onlyGenerators}`
  const known = libraries.get(key)
  const other = known ?? compileText(exported, { stress, onlyGenerators: !onlyGenerators }).code
  libraries.set(key, other)
  return { main: compileText(source, { stress, onlyGenerators }).code, library: other }
}

function make(texts: Texts, globals: Record<string, unknown>): Main {
  const other = evaluate(texts.library, globals)['library']
  const exports = evaluate(texts.main, { ...globals, library: other })
  return Object.assign(exports['main'] as () => unknown, { exports }) as unknown as Main
}

async function finish(main: Main): Promise<unknown> {
  // An async function makes a task of whatever parks in it.
  return isAsync(main) ? await main() : await run(main)
}

/** The trace of a program that is cancelled after so many waits. */
async function cancel(main: Main, waits: number): Promise<unknown> {
  if (isAsync(main)) return null
  const task = run(main)
  await run(sleep(waits + 0.5))
  task.cancel()
  const ended = await task.then(
    () => 'done',
    (error: unknown) => (error as Error).name,
  )
  return [ended, ...(main.exports.trace ?? [])]
}

function isAsync(main: Main): boolean {
  return main.constructor.name === 'AsyncFunction'
}
