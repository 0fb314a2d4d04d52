/**
 * See differential.ts. More of them than a test may take time for are compared by
 *
 *     npm run build && node scripts/fuzz-green.mjs 1..5000
 */
import { it } from '../../support/it.ts'
import { compare, kinds } from './differential.ts'

const SEEDS = 8
const CHUNK = 4

for (const [kind, make] of Object.entries(kinds))
  for (let first = 1; first <= SEEDS; first += CHUNK) {
    const last = first + CHUNK - 1
    it(`random ${kind} leave the same trace plain, compiled either way, and when every call parks: ${first} to ${last}`, async () => {
      for (let seed = first; seed <= last; seed++) await compare(make(seed), seed)
    })
  }
