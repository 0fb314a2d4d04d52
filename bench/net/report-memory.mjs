/* Preloaded into a server: for each line of its input it prints what memory it has, after a collection. */
import { createInterface } from 'node:readline'
import { liveBytes } from '../measure.mjs'

createInterface({ input: process.stdin }).on('line', () => {
  const heap = liveBytes()
  console.log(JSON.stringify({ heap, rss: process.memoryUsage.rss() }))
})
