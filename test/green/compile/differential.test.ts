/**
 * Programs made at random, from a seed, leave the same trace whether they run plainly or compiled: the direct way where that
 * can be, by generators only, and either where every call parks once; with a call at the bottom that parks always, or at times
 * (which is by the seed, too); in one module, or with a part of it in another that is compiled the other way.
 *
 *     SEEDS=10000 npm test -- green/compile/differential          the first ten thousand of each kind
 *     SEEDS=500..520 npm test -- green/compile/differential --test-name-pattern=async
 */
import { strict as assert } from 'node:assert'
import { run } from '../../../src/core/index.ts'
import { it } from '../../support/it.ts'
import { blocking, echoAtRandom, load } from './load.ts'
import { randomFunctions } from './random-function.ts'
import { randomProgram } from './random-program.ts'
import { library, randomSyntax } from './random-syntax.ts'

const [from, to] = seedsOf(process.env['SEEDS'] ?? '24')

const kinds: Record<string, (seed: number) => string> = {
  programs: randomProgram,
  'ordinary functions': randomFunctions,
  'programs of newer syntax': (seed) => randomSyntax(seed),
  'programs of two modules': (seed) => randomSyntax(seed + 1e6, { inline: false }),
  'async programs': (seed) => randomSyntax(seed, { async: true }),
  'async programs of two modules': (seed) => randomSyntax(seed + 1e6, { async: true, inline: false }),
}

const chunk = 12
for (const [kind, make] of Object.entries(kinds))
  for (let first = from; first <= to; first += chunk) {
    const last = Math.min(first + chunk - 1, to)
    it(`random ${kind} leave the same trace plain, compiled either way, and when every call parks: ${first} to ${last}`, async () => {
      for (let seed = first; seed <= last; seed++) await compare(make(seed), seed)
    })
  }

async function compare(source: string, seed: number): Promise<void> {
  const plain = await traceOf(source, { plain: true })
  for (const stress of [false, true])
    for (const onlyGenerators of [false, true])
      for (const leaf of [blocking.leaf, echoAtRandom(seed)]) {
        const how = [
          stress && 'under stress',
          onlyGenerators && 'by generators only',
          leaf !== blocking.leaf && 'at random',
        ]
        const title = ['program', seed, ...how.filter((each) => each !== false)].join(' ')
        const trace = await traceOf(source, { stress, onlyGenerators, globals: { leaf } }).catch((error) => {
          throw new Error(`${title} failed`, { cause: error })
        })
        assert.deepEqual(trace, plain, title)
      }
}

type Options = NonNullable<Parameters<typeof load>[1]>

async function traceOf(source: string, options: Options): Promise<unknown> {
  const { globals = {}, onlyGenerators = false } = options
  const other = load(`exports.library = ${library}`, { ...options, onlyGenerators: !onlyGenerators })['library']
  const main = load(source, { ...options, globals: { ...globals, library: other } })['main'] as () => unknown
  // An async function makes a task of whatever parks in it.
  return options.plain || main.constructor.name === 'AsyncFunction' ? await main() : await run(main)
}

function seedsOf(text: string): [from: number, to: number] {
  const [first, last] = text.split('..').map(Number)
  return last === undefined ? [1, first as number] : [first as number, last]
}
