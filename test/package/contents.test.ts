import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))

test('the published package holds the library, its sources and its papers, and nothing else', () => {
  const options = { cwd: root, encoding: 'utf8', shell: process.platform === 'win32' } as const
  const report = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], options)
  // An array up to npm 11, an object keyed by package name after it.
  const [{ files }] = Object.values(JSON.parse(report)) as [{ files: { path: string }[] }]
  const paths = files.map(({ path }) => path)

  assert.deepEqual(
    paths.filter(
      (path) =>
        !/^(dist\/src|src)\/.+\.(ts|js|map)$|^(dist\/src|src)\/inspect\/page\/.+\.(tsx|css|html|json)$|^(package\.json|README\.md|LICENSE)$/.test(
          path,
        ),
    ),
    [],
  )
  for (const needed of ['LICENSE', 'src/index.ts', 'dist/src/index.js', 'dist/src/index.d.ts', 'dist/src/index.js.map'])
    assert.ok(paths.includes(needed), `${needed} is missing`)
})
