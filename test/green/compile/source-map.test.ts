import { strict as assert } from 'node:assert'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { test } from 'node:test'
import { type CompileOptions, compile } from '../../../src/green/compile/index.ts'

/** Where the map says that the first `text` of the compiled code comes from: line and column, from 1 and 0. */
function origin(source: string, text: string, language: CompileOptions['language']): [number, number] {
  const options = { url: 'file:///app.ts', format: 'module', language, runtime: 'runtime' } as const
  const { code, map } = compile(source, options)
  const before = code.slice(0, code.indexOf(text)).split('\n')
  const entry = new SourceMap(map as SourceMapPayload).findEntry(before.length - 1, (before.at(-1) as string).length)
  assert.ok('originalLine' in entry && entry.originalSource.endsWith('app.ts'), `${text} is mapped`)
  return [entry.originalLine + 1, entry.originalColumn]
}

const marks = /MARK\d/g

for (const language of ['js', 'ts'] as const)
  test(`each name of compiled ${language} maps to its own place, on its own line`, () => {
    const source = `import { get } from './get.js'
export function f(a, { b } = get('MARK0')) {
  const x = get(a)
    .then('MARK1')?.q(get(b), 'MARK2')
  for (const y of get(
    'MARK3',
  )) {
    list.map((z) =>
      get(z, 'MARK4'))
  }
  return class extends f { constructor(k) { super(get(k), 'MARK5') } m() { return super.m('MARK6') } }
}
`
    const { code } = compile(source, { url: 'app.ts', format: 'module', language, runtime: 'runtime' })
    assert.equal(code.split('\n').length, source.split('\n').length)
    const lines = source.split('\n')
    for (const [mark] of source.matchAll(marks)) {
      const line = lines.findIndex((text) => text.includes(mark)) + 1
      const column = (lines[line - 1] as string).indexOf(mark)
      const [mappedLine, mappedColumn] = origin(source, mark, language)
      assert.equal(mappedLine, line, mark)
      assert.ok(Math.abs(mappedColumn - column) <= 1, `${mark} is at column ${column}, not ${mappedColumn}`)
      assert.ok((code.split('\n')[line - 1] as string).includes(mark), `${mark} stays on line ${line}`)
    }
  })

test('where an enum had to be transformed, the map leads through both steps', () => {
  const source = `enum Kind {
  A,
  B,
}
export class P {
  constructor(private readonly kind: Kind) {}
  read(): number {
    return get(this.kind, 'MARK1')
  }
}
`
  assert.equal(origin(source, 'MARK1', 'ts')[0], 8)
})

test('a syntax error names the file', () => {
  const options = { url: 'app.js', format: 'module', runtime: 'runtime' } as const
  assert.throws(() => compile('let x = (', { ...options, language: 'js' }), /SyntaxError: app\.js: .*\(1:9\)/)
  assert.throws(() => compile('let x: = 1', { ...options, language: 'ts' }), /SyntaxError: app\.js: /)
})
