// node dist/examples/tornado/get-url.js [FLOW.svg]
//
// Three coroutines that each take a while, yielded as a list: all together take as long as the slowest, and the results
// come in the order of the list. With a file name, the path of this very run through the loop is drawn into it.
import { writeFileSync } from 'node:fs'
import { coroutine, drawFlow, IOLoop, recordFlow, sleep } from 'fibril/tornado'

const getUrl = coroutine(function* getUrl(url: string, waitMs: number) {
  yield sleep(waitMs)
  console.log(`URL ${url} took ${waitMs}ms to get!`)
  return [url, waitMs] as const
})

const outerCoroutine = coroutine(function* outerCoroutine() {
  const before = performance.now()
  const results = yield [getUrl('URL1', 100), getUrl('URL2', 200), getUrl('URL3', 200)]
  console.log(results)
  return performance.now() - before
})

const [file] = process.argv.slice(2)
const recording = file === undefined ? null : recordFlow()
const total = await IOLoop.current().runSync(outerCoroutine)
console.log(`total time: ${Math.round(total)} ms`)
if (file !== undefined && recording !== null) {
  const { text, svg } = drawFlow(recording.stop())
  writeFileSync(file, svg)
  console.log(`\n${text}`)
}
