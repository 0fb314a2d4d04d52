/*
 * Compares programs made at random as they run plainly, and compiled in each way: see test/green/compile/differential.ts, of
 * which this does more than a test may take time for. Goes on after a difference, and prints how to see it again.
 *
 *     npm run build && node scripts/fuzz-green.mjs 1..5000 [--kind=templates] [--seconds=500] [--show]
 *
 * `--kind` is a part of a kind's name. `--seconds` ends it early; it says how far it came. `--show` prints each program.
 */

import { TestHost } from '../dist/src/testing/index.js'
import { compare, kinds } from '../dist/test/green/compile/differential.js'

const option = (name, otherwise) =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3) ?? otherwise
const [from, to = from] = (process.argv[2] ?? '1..100').split('..').map(Number)
const chosen = Object.entries(kinds).filter(([kind]) => kind.includes(option('kind', '')))
const end = Date.now() + Number(option('seconds', Infinity)) * 1000

let compared = 0
let differences = 0
let seed = from
for (; seed <= to && Date.now() < end; seed++)
  for (const [kind, make] of chosen) {
    const source = make(seed)
    if (process.argv.includes('--show')) console.log(source)
    compared++
    try {
      await new TestHost().run(() => compare(source, seed))
    } catch (error) {
      differences++
      console.log(`${kind} ${seed}: ${error.stack ?? error}`)
      for (let { cause } = error; cause; { cause } = cause) console.log(`  because of ${cause.stack ?? cause}`)
    }
  }
console.log(`${compared} programs, seeds ${from} to ${seed - 1}: ${differences} differences`)
process.exitCode = differences === 0 ? 0 : 1
