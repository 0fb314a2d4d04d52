import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8Length } from '../../src/protocol/utf8-length.ts'
import { bytes, forSeeds } from './chunks.ts'

test('counts what an encoder writes, halves of pairs included', () => {
  const units = [0x61, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000, 0xffff]
  forSeeds(500, (random) => {
    const length = random.below(8)
    const text = String.fromCharCode(...Array.from({ length }, () => units[random.below(units.length)] as number))
    assert.equal(utf8Length(text), bytes(text).length, JSON.stringify(text))
  })
})
