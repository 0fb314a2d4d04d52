import { strict as assert } from 'node:assert'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { compile } from '../../../src/green/compile/index.ts'

// From dist/test/green/compile to the sources. `UPDATE_SAMPLES=1` writes what the compiler makes now.
const root = fileURLToPath(new URL('../../../../test/green/samples/', import.meta.url))

for (const name of readdirSync(root)) {
  test(`the compiler makes of the sample ${name} what it made before`, () => {
    const file = readdirSync(`${root}${name}`).find((entry) => entry.startsWith('input.')) as string
    const extension = file.slice('input.'.length)
    const source = readFileSync(`${root}${name}/${file}`, 'utf8')
    const { code, functions } = compile(source, {
      url: file,
      format: extension.startsWith('c') ? 'commonjs' : 'module',
      language: extension.endsWith('ts') ? 'ts' : 'js',
      runtime: 'fibril/green/runtime',
      entry: extension === 'cjs',
    })
    const verdicts = functions.map(
      ({ name, line, way, why }) => `// ${line}: ${name} ${way}${why === null ? '' : `, ${why}`}\n`,
    )
    const made = `${code}${code.endsWith('\n') ? '' : '\n'}\n${verdicts.join('')}`
    const expected = `${root}${name}/expected.js`
    if (process.env['UPDATE_SAMPLES'] || !existsSync(expected)) writeFileSync(expected, made)
    assert.equal(made, readFileSync(expected, 'utf8'))
    if (name !== 'typescript-enum' && extension !== 'cjs')
      assert.equal(code.split('\n').length, source.split('\n').length, 'as many lines as before')
  })
}
