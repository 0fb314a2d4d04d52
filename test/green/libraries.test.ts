import { strict as assert } from 'node:assert'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { compile } from '../../src/green/compile/index.ts'
import { run } from '../../src/green/index.ts'

// Real libraries, those that the compiler is made of. `scripts/library-suites.mjs` runs the own suites of others.
const runtime = new URL('../../src/green/runtime/index.js', import.meta.url).href
const own = readFileSync(new URL('compile/random-syntax.js', import.meta.url), 'utf8')
const options = { ecmaVersion: 'latest', sourceType: 'module', locations: true } as const

for (const stress of [false, true]) {
  const how = stress ? 'when every call parks' : 'compiled'

  test(`acorn, ${how}, makes the same tree of a source`, async () => {
    const acorn = await compiled<typeof import('acorn')>('acorn', stress)
    const plain = await import('acorn')
    const tree = await run(acorn.parse, own, options)
    assert.equal(JSON.stringify(tree), JSON.stringify(plain.parse(own, options)))
  })

  test(`acorn, ${how}, fails with the same errors`, async () => {
    const acorn = await compiled<typeof import('acorn')>('acorn', stress)
    const plain = await import('acorn')
    for (const source of ['let let', 'a b', '/(/', 'break', '"', 'class { constructor() {} constructor() {} }']) {
      const error = await run(acorn.parse, source, options).then(
        () => null,
        (error: unknown) => error,
      )
      assert.ok(error instanceof SyntaxError, String(error))
      assert.throws(() => plain.parse(source, options), { name: 'SyntaxError', message: error.message })
    }
  })
}

/** A library, compiled. */
async function compiled<T>(name: string, stress: boolean): Promise<T> {
  const url = import.meta.resolve(name)
  const source = readFileSync(new URL(url), 'utf8')
  const { code } = compile(source, { url, format: 'module', language: 'js', runtime, stress })
  const folder = mkdtempSync(join(tmpdir(), 'fibril-library-'))
  try {
    const file = join(folder, 'compiled.mjs')
    writeFileSync(file, code)
    return (await import(pathToFileURL(file).href)) as T
  } finally {
    rmSync(folder, { recursive: true })
  }
}
