import { computed, signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { type ChainTrace, drawSvg, NotationError, parseChain, simulate } from '../../../twisted/simulator/index.ts'
import { takeKeys } from '../keys.ts'

const examples: readonly (readonly [name: string, text: string])[] = [
  ['A failure is mended', 'callback 1\nthrow RangeError: too far\n| give 2\nlater 3'],
  ['Only some kinds are trapped', 'errback TypeError: odd\n| trap RangeError\n| give mended\ngive done | pass'],
  [
    'An errback fails, too',
    'callback "a poem"\nthrow GibberishError: odd | pass\n| throw Error: worse\nboth give ended',
  ],
  ['It waits for another Deferred', 'callback 1\nlater failure TimeoutError: slow\ngive never | give instead'],
  ['Cancelled', 'cancel\ngive done\n| trap CancelledError'],
]

/** How the Deferred is fired: in place of the first line of the chain. */
const firings = ['callback', 'errback', 'cancel'] as const

const text = signal((examples[0] as readonly [string, string])[1])
const trace = signal<ChainTrace | null>(null)
const trouble = signal<{ readonly line: number | null; readonly message: string } | null>(null)
/** Pairs that the result has passed; all of them, and it has come to the end. */
const step = signal(Infinity)

const last = computed(() => (trace.value === null ? 0 : reached(trace.value)))

/** A chain of callbacks that is fired, and the path that the result takes. */
export function DeferredView() {
  useEffect(() => {
    void simulateText(text.value)
  }, [text.value])
  useEffect(() => takeKeys(onKey), [])
  const shown = Math.min(step.value, last.value)
  return (
    <section class="deferred" aria-label="Deferred">
      <div class="chain-text">
        <div class="toolbar">
          <h1>A chain of callbacks</h1>
          <select
            aria-label="Examples"
            onChange={({ currentTarget }) => {
              text.value = examples[Number(currentTarget.value)]?.[1] ?? text.value
              step.value = Infinity
            }}
          >
            {examples.map(([name], index) => (
              <option key={name} value={index}>
                {name}
              </option>
            ))}
          </select>
        </div>
        <textarea
          aria-label="The chain, a pair on each line"
          spellcheck={false}
          value={text.value}
          onInput={({ currentTarget }) => {
            text.value = currentTarget.value
            step.value = Infinity
          }}
        />
        <output class={trouble.value === null ? 'quiet' : 'bad-text'}>
          {trouble.value?.message ?? 'A pair on each line, its errback behind a bar.'}
        </output>
        <dl class="notation">
          <div>
            <dt>pass · give 42 · throw RangeError: far</dt>
            <dd>gives back what it gets, returns a value, throws</dd>
          </div>
          <div>
            <dt>failure far · trap RangeError</dt>
            <dd>returns a Failure; lets failures of these kinds no further</dd>
          </div>
          <div>
            <dt>later 42 · now failure far</dt>
            <dd>returns a Deferred that fires later, or has fired</dd>
          </div>
          <div>
            <dt>both give 42 · | give 42</dt>
            <dd>the same on both sides; an errback alone</dd>
          </div>
        </dl>
      </div>
      <div class="chain-picture">
        <div class="toolbar">
          <span class="choice" role="group" aria-label="Fire">
            {firings.map((one) => (
              <button key={one} type="button" aria-pressed={firingOf(text.value) === one} onClick={() => fire(one)}>
                {one === 'cancel' ? one : `fire ${one}`}
              </button>
            ))}
            <button type="button" aria-pressed={firingOf(text.value) === null} onClick={() => fire(null)}>
              not yet
            </button>
          </span>
          <span class="choice" role="group" aria-label="Step">
            <button type="button" disabled={shown <= 0} onClick={() => (step.value = 0)} aria-label="To the start">
              |◀
            </button>
            <button
              type="button"
              disabled={shown <= 0}
              onClick={() => (step.value = shown - 1)}
              aria-label="A step back"
            >
              ◀
            </button>
            <button
              type="button"
              disabled={shown >= last.value}
              onClick={() => (step.value = shown + 1)}
              aria-label="A step on"
            >
              ▶
            </button>
            <button
              type="button"
              disabled={shown >= last.value}
              onClick={() => (step.value = Infinity)}
              aria-label="To the end"
            >
              ▶|
            </button>
          </span>
          <output class="quiet">{said(trace.value, shown)}</output>
        </div>
        {trace.value !== null && <Picture trace={upTo(trace.value, shown)} />}
      </div>
    </section>
  )
}

/** The drawing of the simulator, with the colours of the page in place of its own. */
function Picture({ trace }: { readonly trace: ChainTrace }) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    // Its style is taken out of the text: even a parser that shows nothing refuses it, by the policy of the page.
    const text = drawSvg(trace).replace(/<style>[^<]*<\/style>/, '')
    box.current?.replaceChildren(new DOMParser().parseFromString(text, 'image/svg+xml').documentElement)
  }, [trace])
  return <div class="picture" ref={box} />
}

async function simulateText(source: string): Promise<void> {
  try {
    const result = await simulate(parseChain(source), undefined, { waitMs: 500 })
    if (source !== text.peek()) return
    trace.value = result
    trouble.value = null
  } catch (error) {
    const { message } = error as Error
    if (source === text.peek()) trouble.value = { line: error instanceof NotationError ? error.line : null, message }
  }
}

/** Steps that there are: into each pair that something came to, and out at the end. */
function reached({ stages, end, fired }: ChainTrace): number {
  if (fired === null) return 0
  return stages.filter(({ came }) => came !== null).length + (end === null ? 0 : 1)
}

/** What the chain was after so many steps. */
function upTo(trace: ChainTrace, steps: number): ChainTrace {
  if (steps >= reached(trace)) return trace
  const stages = trace.stages.map((stage, index) => (index < steps ? stage : { ...stage, came: null, did: null }))
  return { ...trace, stages, end: null, state: '' }
}

function said(trace: ChainTrace | null, steps: number): string {
  if (trace === null) return ''
  const { fired, stages, end, state } = trace
  if (fired === null) return 'It has not been fired.'
  if (steps === 0) return `It is fired: ${fired.by}.`
  if (end !== null && steps > stages.length) return `At the end: ${end.text}, ${state}.`
  const { came, did, callback, errback } = stages[steps - 1] as ChainTrace['stages'][number]
  const half = came?.lane === 'errback' ? errback : callback
  const outcome = did === null ? '' : ` It ${did}.`
  const waits = steps >= reached(trace) && end === null ? ` The chain ${state}.` : ''
  return `Pair ${steps - 1} gets ${came?.text}: its ${came?.lane}, ${half.label}.${outcome}${waits}`
}

const firing = /^\s*(callback|errback|cancel)\b[^\n]*(\n|$)/

function firingOf(source: string): string | null {
  return firing.exec(source)?.[1] ?? null
}

function fire(by: (typeof firings)[number] | null): void {
  const rest = text.value.replace(firing, '')
  const line =
    by === null ? '' : by === 'callback' ? 'callback 1\n' : by === 'errback' ? 'errback Error: oops\n' : 'cancel\n'
  text.value = line + rest
  step.value = by === null ? Infinity : 0
}

function onKey(key: string): boolean {
  const shown = Math.min(step.value, last.value)
  if (key === 'ArrowRight' || key === 'ArrowDown') step.value = Math.min(shown + 1, last.value)
  else if (key === 'ArrowLeft' || key === 'ArrowUp') step.value = Math.max(0, shown - 1)
  else if (key === 'Home') step.value = 0
  else if (key === 'End') step.value = Infinity
  else return false
  return true
}
