import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fixtureTree, runScript, scriptUrl } from './fixture-tree.ts'

const script: { violationsIn(src: string): string[] } = await import(scriptUrl('check-imports.mjs'))

/** What check-imports says of a source tree. */
function violationsIn(files: Record<string, string>): string[] {
  using tree = fixtureTree(files)
  return script.violationsIn(join(tree.path, 'src'))
}

const core = { 'src/core/index.ts': "export { step } from './step.ts'", 'src/core/step.ts': 'export const step = 1' }

describe('check-imports', () => {
  it('prints each violation and fails, or says that there is none', () => {
    using good = fixtureTree({ 'core/a.ts': 'export const a = 1' })
    const passed = runScript('check-imports.mjs', [good.path])
    assert.deepEqual([passed.status, passed.stdout], [0, 'All imports keep the rules.\n'])

    using bad = fixtureTree({ 'core/a.ts': "import 'node:fs'" })
    const failed = runScript('check-imports.mjs', [bad.path])
    assert.deepEqual([failed.status, failed.stdout], [1, 'Import rules broken: 1\n'])
    assert.match(failed.stderr, /^src\/core\/a\.ts:1 core knows no platform/)
  })

  it('accepts imports that point down to an index, or stay in their folder', () => {
    const violations = violationsIn({
      ...core,
      'src/sync/index.ts': "export { queue } from './queue.ts'",
      'src/sync/queue.ts': "import { step } from '../core/index.ts'\nexport const queue = step",
      'src/net/index.ts':
        "import { connect } from 'node:net'\nimport type { queue } from '../sync/index.ts'\nexport { connect, queue }",
      'src/net/http/index.ts': 'export const serveHttp = 1',
      'src/gevent/index.ts': "export { serveHttp } from '../net/http/index.ts'",
      'src/green/compile/index.ts': 'export const compile = 1',
      'src/green/index.ts': "export { compile } from './compile/index.ts'",
      'src/index.ts': "export { step } from './core/index.ts'\nexport { queue } from './sync/index.ts'",
      'src/cli/main.ts': "import { step } from '../index.ts'\nsetTimeout(() => step, 1)",
    })
    assert.deepEqual(violations, [])
  })

  it('lets a folder that lies within another import the files of that one, and not the other way round', () => {
    const files = {
      'src/offload/index.ts': 'export const pool = 1',
      'src/offload/wire.ts': 'export const wire = 1',
      'src/offload/cluster/index.ts': "import '@nats-io/jetstream'\nexport { wire } from '../wire.ts'",
    }
    assert.deepEqual(violationsIn(files), [])
    const up = {
      ...files,
      'src/offload/pool.ts': "import '@nats-io/jetstream'\nexport { wire } from './cluster/index.ts'",
    }
    assert.deepEqual(violationsIn(up), [
      'src/offload/pool.ts:1 offload may not import the package @nats-io/jetstream',
      'src/offload/pool.ts:2 offload may not import offload/cluster, which is above it',
    ])
  })

  it('refuses an import that points up, with its line', () => {
    const violations = violationsIn({
      ...core,
      'src/core/wait.ts': "// first line\n\nimport { queue } from '../sync/index.ts'\nexport { queue }",
      'src/sync/index.ts': 'export const queue = 1',
    })
    assert.deepEqual(violations, ['src/core/wait.ts:3 core may not import sync, which is above it'])
  })

  it('refuses the face of the package to everything but the command line', () => {
    const violations = violationsIn({
      'src/index.ts': 'export const a = 1',
      'src/testing/index.ts': "export { a } from '../index.ts'",
      'src/cli/main.ts': "export { a } from '../index.ts'",
    })
    assert.deepEqual(violations, ['src/testing/index.ts:1 testing may not import index.ts, which is above it'])
  })

  it('refuses an import of a neighbour on the same floor', () => {
    const violations = violationsIn({
      'src/host/index.ts': "import { queue } from '../sync/index.ts'\nexport { queue }",
      'src/sync/index.ts': 'export const queue = 1',
    })
    assert.deepEqual(violations, ['src/host/index.ts:1 host may not import sync, which is beside it'])
  })

  it('refuses a folder that is entered by another file than its index', () => {
    const violations = violationsIn({
      ...core,
      'src/sync/index.ts': "export { step } from '../core/step.ts'",
    })
    assert.deepEqual(violations, ['src/sync/index.ts:1 core is entered by its index.ts, not by core/step.ts'])
  })

  for (const [kind, back] of [
    ['values', "import { a } from './a.ts'\nexport const b = () => a"],
    ['types alone', "import type { a } from './a.ts'\nexport type b = typeof a"],
    ['a type written in place', "export type b = import('./a.ts').a"],
    ['a re-export', "export { a as b } from './a.ts'"],
    ['a dynamic import', "export const b = () => import('./a.ts')"],
  ] as const) {
    it(`finds a circle closed by ${kind}`, () => {
      const violations = violationsIn({
        'src/core/a.ts': "import { b } from './b.ts'\nexport const a = b",
        'src/core/b.ts': "export { c as b } from './c.ts'",
        'src/core/c.ts': back.replaceAll('b', 'c').replace('./c.ts', './b.ts'),
      })
      assert.equal(violations.length, 1)
      assert.match(
        violations[0]!,
        /^src\/core\/c\.ts:1 a circle: core\/a\.ts → core\/b\.ts → core\/c\.ts → core\/a\.ts$/,
      )
    })
  }

  it('lets the page in the browser import the few files that know no platform, also from a file with markup', () => {
    const violations = violationsIn({
      ...core,
      'src/inspect/format.ts': 'export interface TaskRecord {}',
      'src/inspect/snapshot.ts': "import 'node:fs'",
      'src/inspect/page/app.tsx':
        "import { render } from 'preact'\nimport './app.css'\nimport type { TaskRecord } from '../format.ts'\nimport '../snapshot.ts'\nimport '../../core/index.ts'\nexport const app = <p>It's here</p>",
    })
    const said = 'inspect/page may import only inspect/format.ts, inspect/circles.ts, inspect/server/events.ts, '
    assert.deepEqual(violations, [
      `src/inspect/page/app.tsx:4 ${said}twisted/simulator/index.ts`,
      `src/inspect/page/app.tsx:5 ${said}twisted/simulator/index.ts`,
    ])
  })

  it('finds a file that imports itself', () => {
    const violations = violationsIn({ 'src/core/a.ts': "export * as self from './a.ts'" })
    assert.deepEqual(violations, ['src/core/a.ts:1 a circle: core/a.ts → core/a.ts'])
  })

  for (const folder of ['core', 'protocol', 'sync', 'green/compile']) {
    it(`refuses Node's modules in ${folder}, with and without the prefix`, () => {
      const file = `src/${folder}/clock.ts`
      const violations = violationsIn({
        [file]:
          "import { hrtime } from 'node:process'\nexport const load = () => import('fs/promises')\nexport { hrtime }",
      })
      assert.deepEqual(violations, [
        `${file}:1 ${folder} knows no platform: it may not import node:process`,
        `${file}:2 ${folder} knows no platform: it may not import fs/promises`,
      ])
    })
  }

  for (const folder of ['core', 'sync']) {
    it(`refuses timers in ${folder}`, () => {
      const file = `src/${folder}/sleep.ts`
      const violations = violationsIn({
        [file]:
          '\nsetTimeout(() => {}, 1)\nglobalThis.setImmediate(() => {})\nconst t = setInterval\n// setTimeout\n"setTimeout"',
      })
      assert.deepEqual(violations, [
        `${file}:2 ${folder} has no timer of its own: ask the host instead of setTimeout`,
        `${file}:3 ${folder} has no timer of its own: ask the host instead of setImmediate`,
        `${file}:4 ${folder} has no timer of its own: ask the host instead of setInterval`,
      ])
    })
  }

  for (const folder of ['protocol', 'green/compile']) {
    it(`keeps ${folder} free of everything else of ours`, () => {
      const file = `src/${folder}/index.ts`
      const up = '../'.repeat(folder.split('/').length)
      const violations = violationsIn({ ...core, [file]: `export { step } from '${up}core/index.ts'` })
      assert.deepEqual(violations, [`${file}:1 ${folder} stands alone: it may not import core`])
    })
  }

  it('refuses npm packages that no table allows, the package itself too', () => {
    const violations = violationsIn({
      'src/net/a.ts': "import ws from 'ws'\nimport { x } from '@scope/name/deep'\nimport type { y } from 'fibril/core'",
    })
    assert.deepEqual(violations, [
      'src/net/a.ts:1 net may not import the package ws',
      'src/net/a.ts:2 net may not import the package @scope/name',
      'src/net/a.ts:3 net may not import the package fibril',
    ])
  })

  it('refuses what would hide an edge: a wrong ending, a file outside src, a folder without a floor', () => {
    const violations = violationsIn({
      ...core,
      'src/sync/queue.ts': "import { a } from './lock.js'\nimport b from '../../package.json'",
      'src/sync/lock.ts': 'export const a = 1',
      'src/utils/index.ts': 'export const c = 1',
    })
    assert.deepEqual(violations, [
      "src/sync/queue.ts:1 sync/lock.js is no source file: an import ends in the file's own name",
      'src/sync/queue.ts:2 an import may not leave src: ../package.json',
      'src/utils/index.ts:1 utils stands on no floor: give it one in scripts/check-imports.mjs',
    ])
  })

  it('sees an import on several lines, and reports the line of its specifier', () => {
    const violations = violationsIn({
      'src/core/a.ts': "import {\n  type B, // from 'nowhere'\n  b,\n} from '../sync/index.ts'\nexport { type B, b }",
      'src/sync/index.ts': 'export const b = 1\nexport type B = 1',
    })
    assert.deepEqual(violations, ['src/core/a.ts:4 core may not import sync, which is above it'])
  })

  it('is not misled by comments, strings, templates and regular expressions', () => {
    const violations = violationsIn({
      'src/core/a.ts': [
        "// import a from 'node:fs'",
        "/* import b from 'node:fs'",
        "   import c from 'node:fs' */",
        `const quoted = "import d from 'node:fs'", escaped = 'it\\'s from "x"'`,
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text
        "const emitted = `import e from 'node:fs' ${[`import('node:fs')`, { a: '}' }]} setTimeout \\` ${'`'}`",
        "const quotes = /['\"`/]+from 'node:fs'/g",
        'const half = 4 / 2 / 1',
        "export const from = { from: 'node:fs' }, xs = Array.from('node:fs')",
        "import { real } from 'node:os'",
      ].join('\n'),
    })
    assert.deepEqual(violations, ['src/core/a.ts:9 core knows no platform: it may not import node:os'])
  })
})
