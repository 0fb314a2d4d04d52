// Loaded before each snippet by docs-snippets.mjs, which has turned each `// => …` into a call of $equal or $prints.
// A broken promise does not throw, for the snippet might catch it; what is wrong is told at the end, on file descriptor
// 3: pairs of a line and what came instead. A promise that was never reached is as bad as one that was broken.
import { writeSync } from 'node:fs'
import { format, inspect, isDeepStrictEqual } from 'node:util'

const unreached = new Set(JSON.parse(process.env.SNIPPET_PROMISES))
const broken = []

globalThis.$equal = (line, actual, expected) => {
  unreached.delete(line)
  if (!isDeepStrictEqual(actual, expected)) broken.push([line, `it is ${inspect(actual)}`])
}

globalThis.$prints = (line, pattern, ...values) => {
  unreached.delete(line)
  console.log(...values)
  const printed = format(...values).replace(/\s*\n\s*/g, ' ')
  if (!new RegExp(pattern).test(printed.trimEnd())) broken.push([line, `it prints ${printed}`])
}

process.on('exit', () => {
  for (const line of unreached) broken.push([line, 'it is never reached'])
  writeSync(3, JSON.stringify(broken))
})
