import { strict as assert } from 'node:assert'
import { run } from '../../../src/core/index.ts'
import { it } from '../../support/it.ts'
import { constructs } from './constructs.ts'
import { load } from './load.ts'

for (const [title, body] of Object.entries(constructs)) {
  const source = `exports.main = function main() {${body}\n}`
  const plainly = (): unknown => (load(source, { plain: true })['main'] as () => unknown)()

  it(`compiled code gives what plain code does: ${title}`, async () => {
    const main = load(source)['main'] as () => unknown
    assert.equal(JSON.stringify(await run(main)), JSON.stringify(plainly()))
  })

  it(`compiled code gives what plain code does when every call parks: ${title}`, async () => {
    const main = load(source, { stress: true })['main'] as () => unknown
    assert.equal(JSON.stringify(await run(main)), JSON.stringify(plainly()))
  })

  it(`compiled code works outside any task where nothing parks: ${title}`, () => {
    const main = load(source, { globals: { leaf: (value: unknown) => value } })['main'] as () => unknown
    assert.equal(JSON.stringify(main()), JSON.stringify(plainly()))
  })
}
