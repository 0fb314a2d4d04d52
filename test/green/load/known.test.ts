import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as gevent from '../../../src/gevent/green/index.ts'
import * as http from '../../../src/green/http/index.ts'
import * as green from '../../../src/green/index.ts'
import { knownBuiltin, knownFace } from '../../../src/green/load/known.ts'
import { patchAll, unpatch } from '../../../src/green/patch/index.ts'
import { parks } from '../../../src/green/runtime/compiled.ts'

test('of the faces for green code it is known which functions park', () => {
  for (const [face, values] of [
    ['./green', green],
    ['./green/http', http],
    ['./gevent/green', gevent],
  ] as const)
    for (const [name, value] of Object.entries(values))
      if (typeof value === 'function' && !isClass(value))
        assert.equal(knownFace(face)?.([name], false).parks, parks(value), name)
})

test('of no other face is anything known to park, and of unknown ones nothing is known', () => {
  for (const face of ['.', './core', './sync', './net', './net/http', './offload', './green/patch', './gevent'])
    assert.equal(knownFace(face)?.(['sleep'], false).parks, false, face)
  assert.equal(knownFace('./green/runtime'), null)
  assert.equal(knownFace('./none'), null)
})

test('all that is patched is known to park, and what is no builtin is not known', () => {
  const { patched } = patchAll()
  unpatch()
  for (const name of patched) {
    const [builtin, ...path] = name.split('.') as [string, ...string[]]
    if (builtin === 'Atomics' || name.startsWith('fs.Dir')) continue
    assert.equal(knownBuiltin(`node:${builtin}`)?.(path, false).parks, true, name)
    assert.equal(knownBuiltin(builtin)?.(['default', ...path], false).parks, true, name)
  }
  assert.equal(knownBuiltin('node:path')?.(['join'], false).parks, false)
  assert.equal(knownBuiltin('fs')?.(['promises', 'readFile'], false).parks, false)
  assert.equal(knownBuiltin('express'), null)
})

function isClass(value: object): boolean {
  const prototype: object | undefined = (value as { prototype?: object }).prototype
  return prototype !== undefined && Object.getOwnPropertyNames(prototype).length > 1
}
