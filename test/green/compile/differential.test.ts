import { strict as assert } from 'node:assert'
import { run } from '../../../src/core/index.ts'
import { it } from '../../support/it.ts'
import { load } from './load.ts'
import { randomFunctions } from './random-function.ts'
import { randomProgram } from './random-program.ts'

/** `GREEN_SEEDS=1000..5000` tries others. */
const [from, to] = (process.env['GREEN_SEEDS'] ?? '1..60').split('..').map(Number) as [number, number]

const kinds = [
  ['programs', randomProgram],
  ['ordinary functions', randomFunctions],
] as const

const chunk = 20
for (const [kind, make] of kinds)
  for (let first = from; first <= to; first += chunk) {
    const last = Math.min(first + chunk - 1, to)
    it(`random ${kind} leave the same trace plain, compiled either way, and when every call parks: ${first} to ${last}`, async () => {
      for (let seed = first; seed <= last; seed++) await compare(make(seed), seed)
    })
  }

async function compare(source: string, seed: number): Promise<void> {
  const plain = (load(source, { plain: true })['main'] as () => string[])()
  for (const stress of [false, true])
    for (const onlyGenerators of [false, true]) {
      const title = `program ${seed}${stress ? ' under stress' : ''}${onlyGenerators ? ', by generators only' : ''}`
      const main = load(source, { stress, onlyGenerators })['main'] as () => string[]
      const trace = await run(main).then(
        (value) => value,
        (error) => {
          throw new Error(`${title} failed`, { cause: error })
        },
      )
      assert.deepEqual(trace, plain, title)
    }
}
