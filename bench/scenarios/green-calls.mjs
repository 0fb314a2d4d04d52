import { loadCompiled, loadGreen } from '../green/compiled.mjs'
import { computed } from '../measure.mjs'

/** One less than fib(24) makes, to be a multiple of four. */
const CALLS = 150_048

/** What a run of so many calls is: which function of bench/green/calls*.mjs, given what, and what it must give. */
const works = {
  // It gives how many calls it made.
  fib: () => ({ argument: 24, expected: 150_049 }),
  loop: (calls) => ({ argument: calls / 2, expected: (calls / 2) * 1.5 }),
  methods: (calls) => ({ argument: calls / 2, expected: (calls / 2) * 1.5 }),
}

async function compiled(options) {
  const { program } = await loadCompiled('calls.mjs', options)
  const { run } = await loadGreen()
  // In a task, as always.
  return { program, enter: (fn, argument) => run(fn, argument).then() }
}

const contenders = {
  plain: async () => ({ program: await import('../green/calls.mjs') }),
  // Nothing in it can wait: the compiler leaves it alone.
  untouched: async () => {
    const { program, functions } = await loadCompiled('calls.mjs', { said: false })
    const touched = functions.find(({ name, way }) => ['fib', 'loop'].includes(name) && way !== 'untouched')
    if (touched !== undefined) throw new Error(`${touched.name} was compiled, because of ${touched.why}`)
    return { program }
  },
  fibril: () => compiled({}),
  // The way of all that cannot be compiled the direct way.
  wayA: () => compiled({ onlyGenerators: true }),
  native: async () => ({ program: await import('../green/calls-async.mjs') }),
  generators: async () => {
    const program = await import('../green/calls-generators.mjs')
    return { program, enter: (fn, argument) => fn(argument).next().value }
  },
}

function workloadOf(name, load) {
  return async () => {
    const { program, enter = (fn, argument) => fn(argument) } = await load()
    return async (calls) => {
      const { argument, expected } = works[name](calls)
      const result = await enter(program[name], argument)
      if (result !== expected) throw new Error(`The calls gave ${result}, not ${expected}`)
    }
  }
}

function scenario(name, title, { without = [], goals }) {
  const taking = Object.entries(contenders).filter(([contender]) => !without.includes(contender))
  return {
    name: `green-${name}`,
    title: `${title}, where nothing waits: one call`,
    metrics: [{ key: 'cpu', title: 'ns CPU/call' }],
    reference: 'plain',
    goals,
    rounds: 5,
    sizes: { default: { full: CALLS, quick: CALLS } },
    contenders: Object.fromEntries(taking.map(([contender, load]) => [contender, workloadOf(name, load)])),
    measure: computed,
  }
}

const untouched = {
  of: 'untouched',
  metric: 'cpu',
  against: 'plain',
  atMost: 1.1,
  says: 'what cannot wait costs what it did (1.1 × is noise)',
}
const belowAwait = { metric: 'cpu', against: 'native', atMost: 1, says: 'less than async/await' }

/** @type {import('./index.mjs').Scenario} */
export const greenFib = scenario('fib', 'Recursive functions', {
  goals: [
    { of: 'fibril', metric: 'cpu', against: 'plain', atMost: 3, says: 'at most 3 × a plain call' },
    { of: 'wayA', metric: 'cpu', against: 'plain', atMost: 10, says: 'by generators, at most 10 × a plain call' },
    belowAwait,
    untouched,
  ],
})

/** V8 inlines all of it where it is plain: what is left there is no call. */
export const greenLoop = scenario('loop', 'A loop over a small function that calls another', {
  goals: [belowAwait, untouched],
})

export const greenMethods = scenario('methods', 'A loop over a method that calls another', {
  // Nobody knows what a method is, so none is left alone.
  without: ['untouched'],
  goals: [belowAwait],
})
