import { spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { works } from '../net/machine.mjs'
import { loadFibril, Skipped } from '../peers.mjs'

/** Bytes of a short line, with its end. */
const SHORT = 16
/** Bytes of a chunk of the long line. */
const CHUNK = 16
/** Milliseconds that are measured for each size, after half as many to warm up. */
const MEASURED = 200
/** A size is not tried that would take longer, in ms, if the time grew with the square of the bytes. */
const TOO_LONG = 4000
/** Each size is so many times the one before. */
const GROWTH = 4

/** All in one packet: lines of 16 bytes. */
const packet = (bytes) => [Buffer.from('fifteen letters\n'.repeat(bytes / SHORT))]

/** One line, in chunks of 16 bytes. */
const chunks = (bytes) => {
  const line = Buffer.alloc(bytes, 'x')
  line[bytes - 1] = 10
  return Array.from({ length: bytes / CHUNK }, (_, i) => line.subarray(i * CHUNK, (i + 1) * CHUNK))
}

/** Each feeds the chunks and gives how many bytes the lines had, ends not counted, and how many lines there were. */
const contenders = {
  split: async () => async (chunks) => {
    let [lines, bytes, rest] = [0, 0, '']
    for (const chunk of chunks) {
      const parts = (rest + chunk.latin1Slice()).split('\n')
      rest = parts.pop()
      for (const line of parts) {
        lines++
        bytes += line.length
      }
    }
    return { lines, bytes }
  },
  readline: async () => async (chunks) => {
    let [lines, bytes] = [0, 0]
    const input = new PassThrough()
    const reader = createInterface({ input, crlfDelay: Infinity })
    reader.on('line', (line) => {
      lines++
      bytes += line.length
    })
    for (const chunk of chunks) input.write(chunk)
    input.end()
    await new Promise((resolve) => reader.once('close', resolve))
    return { lines, bytes }
  },
  decoder: async () => {
    await loadFibril('run')
    const { Decoder, LineFraming } = await import('../../dist/src/protocol/index.js')
    return async (chunks) => {
      let [lines, bytes] = [0, 0]
      const decoder = new Decoder(new LineFraming({ maxLength: Infinity }))
      for (const chunk of chunks) {
        for (const line of decoder.push(chunk)) {
          lines++
          bytes += line.length
        }
      }
      return { lines, bytes }
    }
  },
  fibril: async () => {
    const { run, spawn } = await loadFibril('run', 'spawn')
    const { memoryPair } = await import('../../dist/src/net/index.js')
    return (chunks) =>
      run(function* () {
        const [from, to] = memoryPair({ maxLine: Infinity })
        spawn(function* () {
          for (const chunk of chunks) yield* from.write(chunk)
          yield* from.end()
        })
        let [lines, bytes] = [0, 0]
        for (let line; (line = yield* to.readLine()) !== null; ) {
          lines++
          bytes += line.length
        }
        return { lines, bytes }
      })
  },
  lineReceiver: async () => {
    await loadFibril('run')
    const { LineReceiver, StringTransport } = await import('../../dist/src/twisted/index.js')
    class Lines extends LineReceiver {
      delimiter = '\n'
      MAX_LENGTH = Infinity
      lines = 0
      bytes = 0
      lineReceived(line) {
        this.lines++
        this.bytes += line.length
      }
    }
    return async (chunks) => {
      const lines = new Lines()
      lines.makeConnection(new StringTransport())
      for (const chunk of chunks) lines.dataReceived(chunk)
      return lines
    }
  },
  twisted: async () => {
    if (!works('/usr/bin/python3', '-c', 'import twisted')) throw new Skipped('no twisted for /usr/bin/python3')
    return 'twisted'
  },
}

const measure = (shape, lineCount) =>
  async function measure(workload, largest) {
    const sizes = [largest / GROWTH ** 2, largest / GROWTH, largest]
    const ns = workload === 'twisted' ? twisted(shape, sizes) : await ours(workload, shape, lineCount, sizes)
    const [small, medium, large] = ns
    if (large === undefined) return { small, medium, note: 'n itself takes too long' }
    return { small, medium, large, growth: large / small }
  }

/** Nanoseconds per byte at each size, but for those that take too long. */
async function ours(workload, shape, lineCount, sizes) {
  const figures = []
  for (const size of sizes) {
    const input = shape(size)
    let once = 0
    for (const ms of [MEASURED / 2, MEASURED]) {
      const start = performance.now()
      let [spent, runs] = [0, 0]
      while (spent < ms) {
        const { lines, bytes } = await workload(input)
        if (lines + bytes !== size || lines !== lineCount(size))
          throw new Error(`${lines} lines of ${bytes} bytes came`)
        runs++
        spent = performance.now() - start
      }
      once = spent / runs
    }
    figures.push((once * 1e6) / size)
    if (once * GROWTH ** 2 > TOO_LONG) break
  }
  return figures
}

function twisted(shape, sizes) {
  const script = fileURLToPath(new URL('../net/twisted_line_times.py', import.meta.url))
  const args = [script, shape === packet ? 'packet' : 'chunks', String(TOO_LONG / GROWTH ** 2), ...sizes.map(String)]
  return JSON.parse(spawnSync('/usr/bin/python3', args, { encoding: 'utf8', maxBuffer: 1e6 }).stdout)
}

const scenario = (name, title, shape, lineCount) => ({
  name,
  title: `${title}: ns per byte of n, of n/4, of n/16 bytes`,
  metrics: [
    { key: 'large', title: 'ns/byte' },
    { key: 'medium', title: 'n/4' },
    { key: 'small', title: 'n/16' },
    { key: 'growth', title: 'n / (n/16)' },
  ],
  reference: 'readline',
  goals: [
    { metric: 'growth', atMost: 1.5, says: 'linear: a byte of 16 times as many takes at most 1.5 times as long' },
  ],
  rounds: 3,
  sizes: { default: { full: 1 << 20, quick: 1 << 18 } },
  contenders,
  measure: measure(shape, lineCount),
})

export const linesPacket = scenario(
  'lines-packet',
  'short lines that come in one packet',
  packet,
  (bytes) => bytes / SHORT,
)
export const linesChunks = scenario('lines-chunks', 'one line that comes in chunks of 16 bytes', chunks, () => 1)
