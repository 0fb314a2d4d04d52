// Answers late now and then: while a report is made, one function holds the loop, and nobody else gets on.
// See docs/inspector-page.md for how to find the line.
import { fn, run, sleep, spawn } from 'fibril'

const visits: string[] = []
for (let i = 0; i < Number(process.argv[2] ?? 20_000); i++) visits.push(`visitor-${(i * 7919) % 50_021}`)

function countVisitors(): number {
  const unique: string[] = []
  for (const visitor of visits) {
    if (!unique.includes(visitor)) unique.push(visitor) // at fault: for each visit, all that were seen before are looked through
  }
  return unique.length
}

const report = fn(function* report() {
  for (;;) {
    yield* sleep(3000)
    console.log(`${countVisitors()} visitors`)
  }
})

const answer = fn(function* answer() {
  for (;;) {
    const begun = performance.now()
    yield* sleep(100)
    const late = performance.now() - begun - 100
    if (late > 50) console.log(`an answer came ${Math.round(late)} ms late`)
  }
})

await run(function* service() {
  spawn(report())
  for (let i = 0; i < 5; i++) spawn(answer())
  console.log('answering')
})
