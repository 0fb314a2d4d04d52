import { strict as assert } from 'node:assert'
import { run } from '../../../src/core/index.ts'
import { it } from '../../support/it.ts'
import { constructs } from './constructs.ts'
import { load } from './load.ts'

for (const [title, body] of Object.entries(constructs)) {
  const source = `exports.main = function main() {${body}\n}`
  const plainly = (): unknown => (load(source, { plain: true })['main'] as () => unknown)()

  for (const [way, onlyGenerators] of [
    ['both ways', false],
    ['by generators only', true],
  ] as const) {
    it(`code compiled ${way} gives what plain code does: ${title}`, async () => {
      const main = load(source, { onlyGenerators })['main'] as () => unknown
      assert.equal(JSON.stringify(await run(main)), JSON.stringify(plainly()))
    })

    it(`code compiled ${way} gives what plain code does when every call parks: ${title}`, async () => {
      const main = load(source, { onlyGenerators, stress: true })['main'] as () => unknown
      assert.equal(JSON.stringify(await run(main)), JSON.stringify(plainly()))
    })

    it(`code compiled ${way} works outside any task where nothing parks: ${title}`, () => {
      const globals = { leaf: (value: unknown) => value }
      const main = load(source, { onlyGenerators, globals })['main'] as () => unknown
      assert.equal(JSON.stringify(main()), JSON.stringify(plainly()))
    })
  }
}
