import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { cli, type Ending, folderWith, node } from '../green/load/program.ts'
import { type TraceFile, validTrace } from '../inspect/trace/validate.ts'
import { wrongCommands } from './wrong-commands.ts'

const program = `
  import { run, sleep, yieldNow } from '${new URL('../../src/index.js', import.meta.url).href}'
  const act = process.argv[2]
  await run(function* main() {
    yield* sleep(1)
    if (act === 'exit') process.exit(3)
    if (act === 'throw') setImmediate(() => { throw new Error('at fault') })
    if (act === 'wait') console.log('up')
    for (let i = 0; act === 'busy' && i < 1000; i++) yield* yieldNow()
    if (act !== 'end' && act !== 'busy') yield* sleep(act === 'on' ? 300 : 60_000)
  })
`

async function traced(
  t: TestContext,
  options: readonly string[],
  act: string,
  signal?: NodeJS.Signals,
): Promise<Ending & { readonly file: TraceFile | null }> {
  const folder = folderWith(t, { 'app.mjs': program })
  const ending = await node([cli, 'trace', '-o', 'trace.json', ...options, 'app.mjs', act], {
    cwd: folder,
    onOutput: ({ stdout }, kill) => signal !== undefined && stdout.includes('up') && kill(signal),
  })
  const path = join(folder, 'trace.json')
  if (!existsSync(path)) return { ...ending, file: null }
  const text = readFileSync(path, 'utf8')
  return { ...ending, file: validTrace(text, (JSON.parse(text) as TraceFile).traceEvents[0]?.pid) }
}

const sleptIn = (file: TraceFile | null): boolean =>
  file?.traceEvents.some(({ cat, name }) => cat === 'park' && name === '1 ms to pass') === true

test('the file is whole after the end, an exit, an uncaught error and a signal', async (t) => {
  const [end, exit, thrown, interrupted, terminated] = await Promise.all([
    traced(t, [], 'end'),
    traced(t, [], 'exit'),
    traced(t, [], 'throw'),
    traced(t, [], 'wait', 'SIGINT'),
    traced(t, [], 'wait', 'SIGTERM'),
  ])

  for (const { file } of [end, exit, thrown, interrupted, terminated]) assert.ok(sleptIn(file))
  assert.deepEqual([end.code, exit.code, thrown.code], [0, 3, 1])
  assert.match(thrown.stderr, /at fault/)
  assert.deepEqual([interrupted.signal, terminated.signal], ['SIGINT', 'SIGTERM'])
  // As without a trace, the tasks were cancelled first.
  assert.ok(
    interrupted.file?.traceEvents.some(({ name, args }) => name === 'ended' && args?.['status'] === 'cancelled'),
  )
  assert.match(end.stderr, /^fibril trace: trace\.json: \d+ events in [\d.]+ s\. Open it in https:/m)
})

test('a trace of so many events or milliseconds says that it has no more, and the program goes on', async (t) => {
  const [few, short] = await Promise.all([
    traced(t, ['--max-events', '5'], 'busy'),
    traced(t, ['--for', '1', '--no-patch'], 'on'),
  ])

  assert.equal(few.code, 0)
  assert.match(few.stderr, /trace\.json was full after \d+ events in .*; what came later is not in it/)
  assert.equal(short.code, 0)
  assert.equal(short.file?.otherData.ended, 'asked')
  assert.ok(!short.file.traceEvents.some(({ name }) => name === 'ended'))
})

wrongCommands(
  ['trace'],
  [
    [['app.mjs'], /needs a file to write: -o FILE/],
    [['-o', 'trace.json'], /needs a program to run/],
    [['-o', 'no/such/trace.json', 'app.mjs'], /cannot write the trace: ENOENT/],
    [['-o', 'trace.json', '--for', 'soon', 'app.mjs'], /--for takes a whole number above 0, not "soon"/],
    [['-o', 'trace.json', '--max-events=0', 'app.mjs'], /--max-events takes a whole number above 0, not "0"/],
  ],
  { 'app.mjs': program },
)
