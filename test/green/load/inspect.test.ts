import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { DebuggedProgram } from './debugger.ts'
import { folderWith, node, register } from './program.ts'

interface Frame {
  readonly callFrameId: string
  readonly location: { readonly lineNumber: number }
}

const source = `import { sleep } from 'fibril/green'

interface Asked { n: number }

function twice({ n }: Asked, one = arguments.length): number {
  const before = n + one
  sleep(1)
  const after = before * 2
  return after
}

class Shop {
  price = 5
  get total(): number {
    const { price } = this
    return price + twice({ n: 1 })
  }
}
const answer = twice({ n: 20 })
console.log(answer, new Shop().total)
`

// By way of a generator, for its `arguments`: the direct way declares again what stands in front of where it goes on.
test('a breakpoint on a line of the source is hit there, before a park and after it', async (t) => {
  const cwd = folderWith(t, { 'package.json': '{"type":"module"}', 'main.ts': source })
  const program = await DebuggedProgram.start(['--import', register, 'main.ts'], { cwd })
  t.after(() => program.stop())
  await program.post('Debugger.enable')
  const url = pathToFileURL(join(cwd, 'main.ts')).href
  // Lines count from 0 here.
  for (const line of [6, 8, 15]) await program.post('Debugger.setBreakpointByUrl', { url, lineNumber: line - 1 })
  const hits: unknown[] = []
  await program.post('Runtime.runIfWaitingForDebugger')
  while (hits.length < 5) {
    const { callFrames, hitBreakpoints } = await program.paused()
    const [frame] = callFrames as [Frame]
    if ((hitBreakpoints as string[]).length > 0) {
      const line = frame.location.lineNumber + 1
      const expression = line === 6 ? 'n' : line === 8 ? 'before' : 'this.price'
      const { result } = await program.post('Debugger.evaluateOnCallFrame', {
        callFrameId: frame.callFrameId,
        expression,
      })
      hits.push(`${line} ${expression}=${(result as { value: unknown }).value}`)
    }
    await program.post('Debugger.resume')
  }
  assert.deepEqual(hits, ['6 n=20', '8 before=21', '15 this.price=5', '6 n=1', '8 before=2'])
})

test('an error after a park has the lines of the source, and so have the calls that led there', async (t) => {
  const cwd = folderWith(t, {
    'package.json': '{"type":"module"}',
    'main.ts': `import { Event, sleep, spawn, yieldNow } from 'fibril/green'
type N = number
const gate = new Event()
function inner(n: N): void {
  gate.wait()
  throw new Error('boom ' + n)
}
function outer(n: N): void {
  sleep(1)
  inner(n)
}
const task = spawn.detached(outer, 1)
while (task.frames[0] !== 'inner') yieldNow()
console.log(task.frames.slice(0, 2).join())
gate.set()
task.join()
`,
  })
  const { stdout, stderr, code } = await node(['--import', register, 'main.ts'], { cwd })
  assert.equal(code, 1)
  assert.equal(stdout, 'inner,outer\n')
  const trace = stderr.slice(stderr.indexOf('Error: boom'))
  const lines = [...trace.matchAll(/main\.ts:(\d+):\d+/g)].map(([, line]) => Number(line))
  assert.deepEqual(lines.slice(0, 2), [6, 10], stderr)
})
