import { Random } from './random.ts'

/** Programs made at random, from a seed: what they do is told by a trace. */
export function randomProgram(seed: number): string {
  const choices = new Random(seed, 1)
  const random = (below: number): number => choices.below(below)
  const pick = <T>(list: readonly T[]): T => choices.pick(list)
  const fresh = (letter: string): string => choices.fresh(letter)

  interface Context {
    readonly depth: number
    readonly names: readonly string[]
    readonly loops: readonly string[]
    readonly generator: boolean
    readonly returns: boolean
  }

  const number = (): string => String(random(7))

  function expression(c: Context): string {
    if (c.depth <= 0) return random(3) === 0 || c.names.length === 0 ? number() : pick(c.names)
    const d = { ...c, depth: c.depth - 1 }
    const e = (): string => expression(d)
    const inner = { ...d, generator: false, returns: true, loops: [] }
    switch (random(28)) {
      case 0:
      case 1:
        return `(${e()} ${pick(['+', '-', '*', '|', '<', '&&', '||', '??'].filter((o) => o !== '??'))} ${e()})`
      case 2:
      case 3:
      case 4:
        return `leaf(${e()})`
      case 5: {
        const x = fresh('p')
        return `((${x}, y = ${expression({ ...d, generator: false })}) => ${expression({ ...inner, names: [...c.names, x, 'y'] })})(${e()})`
      }
      case 6: {
        const x = fresh('q')
        return `(function (${x}) { ${block({ ...inner, names: [...c.names, x] }, 2)} return ${x} })(${e()}, ${e()})`
      }
      case 7:
        return `new K(${e()}).m(${e()})`
      case 8:
        return `new L(${e()}).m(${e()})`
      case 9: {
        const x = fresh('x')
        return `[${e()}, ${e()}].map((${x}) => ${expression({ ...inner, names: [...c.names, x] })}).join('')`
      }
      case 10:
        return `[...gen(${e()} & 3), ${e()}].length`
      case 11:
        return `sum(${e()}, ...[${e()}, ${e()}], ${e()})`
      case 12:
        return `box?.m?.(${e()})?.v`
      case 13:
        return `(${e()} ? ${e()} : ${e()})`
      case 14:
        return `\`\${${e()}}-\${${e()}}\`.length`
      case 15:
        return `box.m(${e()}).v`
      case 16:
        return `thrower(${e()})`
      case 17:
        return c.names.length > 0 && writable(c) !== null
          ? `(${writable(c)} ${pick(['=', '+=', '-='])} ${e()})`
          : number()
      case 18:
        return `none?.[${e()}].z(${e()})`
      case 19:
        return `[...gen(${e()} & 3)].reduce((a, b) => a + leaf(b), ${e()})`
      case 20:
        return `tag\`a\${${e()}}b\``
      case 21:
        return c.generator ? `(yield ${e()})` : `({ k: ${e()}, get g() { return 3 }, [${e()}]: 1 }).k`
      case 23: {
        const member = pick(['.slow', '.only', `[leaf('computed')]`, `['computed']`])
        return `(acc${member} ${pick(['=', '+=', '||='])} ${e()})`
      }
      case 24:
        return `(${pick(['acc.slow++', '--acc.slow', 'acc["computed"]', 'acc.bump()'])} + ${e()})`
      case 25:
        return `new (class { #a = ${expression(inner)}; b = leaf(this.#a) ?? 0; get sum() { return leaf(this.#a) + this.b } })().sum`
      case 26:
        return `new Int32Array([${e()}, ${e()}]).map((x, i) => leaf(x) + i).join('')`
      case 22:
        return `recurse(${number()}, ${e()})`
      default:
        return `(log(${e()}), ${e()})`
    }
  }

  function writable(c: Context): string | null {
    const names = c.names.filter((name) => name.startsWith('v'))
    return names.length === 0 ? null : pick(names)
  }

  function block(c: Context, length: number): string {
    let names = c.names
    const lines: string[] = []
    for (let n = 0; n < length; n++) {
      const [line, added] = statement({ ...c, names, depth: c.depth - 1 })
      lines.push(line)
      names = [...names, ...added]
    }
    return `${lines.join(';\n')};`
  }

  function statement(c: Context): [text: string, names: string[]] {
    const e = (): string => expression({ ...c, depth: Math.min(c.depth, 3) })
    if (c.depth <= 0) return [`log(${e()})`, []]
    const more = (extra: Partial<Context> = {}): string => block({ ...c, ...extra }, 1 + random(3))
    switch (random(20)) {
      case 0: {
        const name = fresh('v')
        return [`${pick(['let', 'var'])} ${name} = ${e()}`, [name]]
      }
      case 1: {
        const [a, b] = [fresh('v'), fresh('v')]
        return [`let [${a}, ${b} = ${e()}] = ${pick([`[${e()}]`, `gen(${e()} & 3)`])}`, [a, b]]
      }
      case 2: {
        const [a, b] = [fresh('c'), fresh('c')]
        return [`const { a: ${a}, b: ${b} = ${e()} } = { a: ${e()} }`, [a, b]]
      }
      case 3:
        return [`if (${e()}) { ${more()} } else { ${more()} }`, []]
      case 4: {
        const [i, label] = [fresh('i'), fresh('L')]
        const inside = more({ names: [...c.names, i], loops: [...c.loops, label] })
        return [`${label}: for (let ${i} = 0; ${i} < 3; ${i}++) { fs.push(() => ${i}); ${inside} }`, []]
      }
      case 5: {
        const [x, label] = [fresh('x'), fresh('L')]
        const inside = more({ names: [...c.names, x], loops: [...c.loops, label] })
        return [
          `${label}: for (const ${x} of ${pick([`[${e()}, ${e()}]`, `gen(${e()} & 3)`, 'closes(3)'])}) { fs.push(() => leaf(${x})); ${inside} }`,
          [],
        ]
      }
      case 6:
        return [`try { ${more()} } catch (e) { log('caught', told(e)); ${more()} }`, []]
      case 7:
        return [`try { ${more()} } finally { log('finally'); ${more({ loops: [], returns: false })} }`, []]
      case 8:
        return c.loops.length > 0
          ? [`if (${e()}) ${pick(['break', 'continue'])} ${pick(c.loops)}`, []]
          : [`log(${e()})`, []]
      case 9:
        return c.returns ? [`if (${e()}) return ${e()}`, []] : [`log(${e()})`, []]
      case 10: {
        const f = fresh('f')
        const x = fresh('v')
        const body = block({ ...c, names: [...c.names, x], loops: [], generator: false, returns: true }, 2)
        return [
          `function ${f}(${x}, ...rest) { ${body}\nreturn ${x} + rest.length + arguments.length }\nlog(${f}(${e()}, ${e()}))`,
          [],
        ]
      }
      case 11:
        return [
          `switch (${e()} & 3) { case ${e()}: ${more({ loops: [] })}; case 1: log('one'); break; default: ${more({ loops: [] })} }`,
          [],
        ]
      case 12: {
        const g = fresh('g')
        const body = block({ ...c, loops: [], generator: true, returns: true }, 3)
        const inner = pick(['', `yield* gen(2);`, `yield* [1, 2];`])
        return [
          `function* ${g}() { ${body}\n${inner}\nreturn ${e()} }\nfor (const x of ${g}()) { log(x); if (x === 4) break }`,
          [],
        ]
      }
      case 13: {
        const [C, y] = [fresh('C'), fresh('y')]
        const body = block({ ...c, names: [...c.names, y], loops: [], generator: false, returns: false }, 2)
        const parent = pick(['', ' extends K', ' extends L'])
        const first = parent === '' ? '' : `super(${y}); `
        return [
          `class ${C}${parent} { f = ${number()}; constructor(${y}) { ${first}${body}\nthis.z = leaf(${y}) } n() { return this.f } }\nlog(new ${C}(${e()}).z)`,
          [],
        ]
      }
      case 14: {
        const n = fresh('n')
        return [`{ let ${n} = 0; do { ${more({ loops: [] })} } while (leaf(++${n}) < 2) }`, []]
      }
      case 15: {
        const C = fresh('S')
        const inner = { ...c, loops: [], generator: false, returns: false }
        const once = (): string => expression({ ...inner, depth: Math.min(c.depth, 3) })
        const fields = [
          () => `${fresh('static a')} = ${once()}`,
          () => `static { ${block(inner, 2)} }`,
          () => `${fresh('static #p')} = log(${once()})`,
          () => `${fresh('f')} = ${once()}`,
          () => `${fresh('#q')} = log(leaf(${once()}))`,
          () => `${fresh('g')}`,
        ]
        const members = [1, 2, 3, 4].slice(random(3)).map(() => (pick(fields) as () => string)())
        const parent = pick(['', '', ' extends K', ' extends L'])
        const made = pick([
          '',
          parent === '' ? `constructor() { log('made', leaf(1)) }` : `constructor(x) { super(x); log(leaf('made')) }`,
        ])
        return [
          `class ${C}${parent} { ${[...members, made].join('; ')} }\nlog(Object.entries(new ${C}(${e()})).join(), Object.keys(${C}).length)`,
          [],
        ]
      }
      default:
        return [`log(${e()})`, []]
    }
  }

  const depth = pick([3, 4, 4, 5, 6])
  const body = block({ depth, names: ['a'], loops: [], generator: false, returns: true }, depth)
  return `exports.main = function main() {
let steps = 0
const trace = exports.trace = [], fs = []
const told = (e) => !(e instanceof Error) ? String(e) : e.name === 'Error' ? e.message : e.name
const log = (...all) => { if (++steps > 400) throw new RangeError('long'); trace.push(all.map((x) => typeof x === 'function' ? 'f' : String(x)).join(' ')) }
function* gen(n) { try { for (let i = 0; i < n; i++) { const r = yield leaf(i); if (r) log('got', leaf(r)) } } finally { log('gen over', leaf(n)) } }
const closes = (n) => { let i = 0; return { [Symbol.iterator]() { return this }, next() { return { done: i >= n, value: leaf(i++) } }, return() { log('closed', leaf(i)); return {} } } }
const sum = (...all) => all.reduce((x, y) => leaf(x) + y, 0)
function thrower(x) { leaf(x); if (++steps % 3 === 0) throw new Error('t' + String(x).slice(0, 9)); return x }
function recurse(n, x) { return n <= 0 ? leaf(x) : recurse(n - 1, x) + 1 }
function tag(s, ...v) { return leaf(s.length + v.length) }
const box = { v: 1, m(x) { return { v: leaf(x), t: this === box } } }, none = null
class K { k = 1; #p = 2; constructor(x) { this.x = leaf(x) } m(y) { return leaf(this.#p) + y } get z() { return 5 } set z(v) {} }
class L extends K { l = this.x; constructor(x) { log('L', leaf(1)); super(x); log(this.l) } m(y) { return super.m(y) + (() => super.m(leaf(1)))() } }
let stored = 3
const acc = {
  get slow() { return leaf(stored) }, set slow(v) { log('slow', leaf(v)); stored = v & 15 },
  set only(v) { stored = leaf(v) & 7 }, get [leaf('computed')]() { return leaf(stored) + 1 }, set [leaf('computed')](v) { stored = leaf(v) & 3 },
  bump() { return ++this.slow },
}
const all = function (a) { ${body}
return a }
try { log('result', all(1)) } catch (e) { steps = 0; log('threw', e instanceof RangeError ? 'range' : e instanceof Error ? e.name + (e.name === 'Error' ? e.message : '') : e) }
for (const f of fs.slice(0, 20)) trace.push(String(f()))
return trace
}`
}
