import { strict as assert } from 'node:assert'
import { run } from '../../../src/core/index.ts'
import { it } from '../../support/it.ts'
import { load } from './load.ts'
import { randomProgram } from './random-program.ts'

/** `GREEN_SEEDS=1000..5000` tries others. */
const [from, to] = (process.env['GREEN_SEEDS'] ?? '1..60').split('..').map(Number) as [number, number]

const chunk = 20
for (let first = from; first <= to; first += chunk) {
  const last = Math.min(first + chunk - 1, to)
  it(`random programs leave the same trace plain, compiled, and when every call parks: ${first} to ${last}`, async () => {
    for (let seed = first; seed <= last; seed++) await compare(seed)
  })
}

async function compare(seed: number): Promise<void> {
  const source = randomProgram(seed)
  const plain = (load(source, { plain: true })['main'] as () => string[])()
  for (const stress of [false, true]) {
    const main = load(source, { stress })['main'] as () => string[]
    const trace = await run(main).then(
      (value) => value,
      (error) => {
        throw new Error(`program ${seed}${stress ? ' under stress' : ''} failed`, { cause: error })
      },
    )
    assert.deepEqual(trace, plain, `program ${seed}${stress ? ' under stress' : ''}`)
  }
}
