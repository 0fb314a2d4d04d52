import { Random } from './random.ts'

/**
 * Functions of the ordinary kind made at random, from a seed: those that can be compiled the direct way. Whatever they evaluate
 * tells so in a trace, to the last getter and `valueOf`, so that no order can change unseen.
 */
export function randomFunctions(seed: number): string {
  const choices = new Random(seed, 12345)
  const random = (below: number): number => choices.below(below)
  const pick = <T>(list: readonly T[]): T => choices.pick(list)
  const fresh = (letter: string): string => choices.fresh(letter)

  interface Context {
    /** Names that can be read, and those that can be written as well. */
    readonly names: readonly string[]
    readonly writable: readonly string[]
    readonly labels: readonly { readonly name: string; readonly loop: boolean }[]
    readonly depth: number
    /** How many functions may be called. */
    readonly functions: number
    readonly method: boolean
  }

  const number = (): string => String(random(5))

  function expression(c: Context): string {
    if (c.depth <= 0) return random(3) === 0 ? number() : pick([...c.names, 'outer'])
    const d = { ...c, depth: c.depth - 1 }
    const e = (): string => expression(d)
    const target = (): string => pick([...c.writable, 'outer'])
    switch (random(52)) {
      case 0:
      case 1:
      case 2:
        return `leaf(${e()})`
      case 3:
        return `note(${e()})`
      case 4:
        return `(${e()} ${pick(['+', '-', '*', '<', '===', '&', ','])} ${e()})`
      case 5:
        return `(${e()} ${pick(['&&', '||'])} ${e()})`
      case 6:
        return `(${e()} ?? ${e()})`
      case 7:
        return `(${e()} ? ${e()} : ${e()})`
      case 8:
        return `make('${fresh('o')}', ${e()}).m(${e()})`
      case 9:
        return `make('${fresh('o')}', ${e()}).${pick(['a', 'slow'])}`
      case 10:
        return `(make('${fresh('o')}', 1).a = ${e()})`
      case 11:
        return `(make('${fresh('o')}', 1).a ${pick(['+=', '-=', '*='])} ${e()})`
      case 12:
        return `[${e()}, ${e()}, ...pair(${e()})].length`
      case 13:
        return `[${pick(['', `...pair(${e()}), `])}${e()}].join()`
      case 14:
        return `\`\${${e()}}-\${${e()}}\``
      case 15:
        return `({ x: ${e()}, y: ${e()}, ...${pick(['null', `{ z: ${e()} }`])}, w: ${e()} }).${pick(['x', 'y', 'w'])}`
      case 16:
        return `(${target()} = ${e()})`
      case 17:
        return `(${target()} ${pick(['+=', '-=', '||=', '&&=', '??='])} ${e()})`
      case 18:
        return `${target()}++`
      case 19:
        return `all(${e()}, ...pair(${e()}), ${e()})`
      case 20:
        return `all(...pair(${e()}))`
      case 21:
        return `(typeof ${e()})`
      case 22:
        return `(-${e()})`
      case 23:
        return `!${e()}`
      case 24:
        return `new Made(${e()}, ${e()}).x`
      case 25:
        return `String(${e()})`
      case 26:
        return `Math.max(${e()}, +${e()} || 0)`
      case 27:
        return c.functions > 0 ? `f${random(c.functions)}(${e()}, ${e()})` : `note(${e()})`
      case 28: {
        const x = fresh('x')
        return `((${x}) => ${expression({ ...d, names: [...c.names.filter((name) => !c.writable.includes(name)), x], writable: [], method: c.method })})(${e()})`
      }
      case 29:
        return c.method ? `this.m(${e()})` : `box.m(${e()})`
      case 30:
        return `(box.n ${pick(['=', '+='])} ${e()})`
      case 31:
        return `box[${e()}]`
      case 32:
        return `(box[${e()}] = ${e()})`
      case 33:
        return `box.pass(${e()}).pass(${e()}).n`
      case 34:
        return `(${e()}, ${e()})`
      case 35:
        return `thrower(${e()})`
      case 36:
        return `make('${fresh('o')}', 2)`
      case 37:
        return `choose(${e()})(${e()}, ${e()})`
      case 38:
        return `(() => ${expression({ ...d, names: c.names.filter((name) => !c.writable.includes(name)), writable: [] })})()`
      case 39:
        return `(make('${fresh('o')}', 1)[leaf('a')])`
      case 40:
        return `((${e()}) + (${e()}))`
      case 41:
        return `(${e()} in { 1: 1 })`
      case 42:
        return `make('${fresh('o')}', ${e()})?.${pick(['m', 'none', 'toString'])}${pick(['', '?.'])}(${e()})`
      case 43:
        return `maybe(${e()})?.pass(${e()})${pick(['.', '?.'])}n`
      case 44:
        return `maybe(${e()})?.[${pick(["'m'", "leaf('m')", "leaf('none')"])}]?.(${e()})`
      case 45:
        return `box.${pick(['none', 'm'])}?.(${e()}, ...pair(${e()}))`
      case 46:
        return `maybe(${e()})?.list?.[${e()}]?.call?.(${e()}, ${e()})`
      case 47:
        return `(maybe(${e()})?.pass)?.(${e()})?.n`
      default:
        return `log(${e()})`
    }
  }

  function block(c: Context, length = 1 + random(3)): string {
    let inside = c
    const lines: string[] = []
    for (let n = 0; n < length; n++) {
      const [line, read, write] = statement({ ...inside, depth: c.depth - 1 })
      lines.push(line)
      inside = { ...inside, names: [...inside.names, ...read, ...write], writable: [...inside.writable, ...write] }
    }
    return lines
      .map((line) => `${line}${line.endsWith('}') && !/^(const|let) /.test(line) && random(2) === 0 ? '' : ';'}`)
      .join('\n')
  }

  function statement(c: Context): [text: string, read: string[], write: string[]] {
    const e = (): string => expression({ ...c, depth: Math.min(Math.max(c.depth, 1), 3) })
    if (c.depth <= 0) return [`${pick(['log', 'leaf', 'note'])}(${e()})`, [], []]
    const inner = (extra: Partial<Context> = {}): string => block({ ...c, ...extra })
    const loop = (): [string, Partial<Context>] => {
      const label = fresh('L')
      return [label, { labels: [...c.labels, { name: label, loop: true }] }]
    }
    switch (random(31)) {
      case 0: {
        const v = fresh('v')
        return [`let ${v} = ${e()}`, [], [v]]
      }
      case 1: {
        const k = fresh('k')
        return [`const ${k} = ${e()};`, [k], []]
      }
      case 2: {
        const [a, b] = [fresh('v'), fresh('v')]
        return [`let ${a} = ${e()}, ${b} = ${expression({ ...c, depth: 2, names: [...c.names, a] })}`, [], [a, b]]
      }
      case 3: {
        const [a, b] = [fresh('k'), fresh('k')]
        return [`const { x: ${a}, y: ${b} = 7 } = { x: ${e()}, z: ${e()} }`, [a, b], []]
      }
      case 4: {
        const v = fresh('v')
        return [`var ${v} = ${e()}`, [], [v]]
      }
      case 5: {
        const g = fresh('g')
        const x = fresh('x')
        const names = [...c.names.filter((name) => !c.writable.includes(name)), x]
        const body = expression({ ...c, depth: 2, names, writable: [] })
        return [`const ${g} = (${x}) => ${body}\nlog(${g}.name, ${g}(${e()}))`, [], []]
      }
      case 6:
        return [
          `if (${e()}) { ${inner()} }${pick(['', ` else { ${inner()} }`, ` else if (${e()}) { ${inner()} }`])}`,
          [],
          [],
        ]
      case 7:
        return [`if (${e()}) log(${e()}); else note(${e()})`, [], []]
      case 8: {
        const [i, [label, extra]] = [fresh('i'), loop()]
        const inside = inner({ ...extra, names: [...c.names, i] })
        return [
          `${label}: for (let ${i} = ${pick(['0', '1'])}; ${i} < ${pick(['2', '3', 'leaf(2)', `note(2)`])}; ${i}++) { ${inside} }`,
          [],
          [],
        ]
      }
      case 9: {
        const [n, [label, extra]] = [fresh('n'), loop()]
        return [
          `{ let ${n} = 0; ${label}: while (${pick([`${n}++ < 2`, `leaf(${n}++) < 2`, `note(${n}++) < leaf(2)`])}) { ${inner(extra)} } }`,
          [],
          [],
        ]
      }
      case 10: {
        const [n, [label, extra]] = [fresh('n'), loop()]
        return [
          `{ let ${n} = 0; ${label}: do { ${inner(extra)} } while (${pick([`++${n} < 2`, `leaf(++${n}) < 2`])}) }`,
          [],
          [],
        ]
      }
      case 11: {
        const label = fresh('L')
        return [`${label}: { ${inner({ labels: [...c.labels, { name: label, loop: false }] })} }`, [], []]
      }
      case 12:
      case 13: {
        if (c.labels.length === 0) return [`log(${e()})`, [], []]
        const { name, loop: isLoop } = pick(c.labels)
        return [`if (${e()}) ${isLoop ? pick(['break', 'continue']) : 'break'} ${name}`, [], []]
      }
      case 14:
        return [`if (${e()}) return ${e()}`, [], []]
      case 15:
        return [
          `switch (${e()}) { case ${number()}: { ${inner()} } ${pick(['', 'break;'])} case ${number()}: log(${e()}); note(${e()}); case 'x': { ${inner()} } default: log(${e()}) }`,
          [],
          [],
        ]
      case 16: {
        const error = fresh('e')
        return [`try { ${inner()} } catch (${error}) { log('caught', told(${error})); ${inner()} }`, [], []]
      }
      case 17:
        return [`try { ${inner()} } finally { log('finally'); outer++ }`, [], []]
      case 18:
        return [`try { ${inner()} } catch { ${inner()} } finally { log('finally', ${number()}) }`, [], []]
      case 19:
        return [`try { ${inner()} } catch ({ name }) { log('name', name) }`, [], []]
      case 20:
        return [`{ ${inner()} }`, [], []]
      case 21:
        return [`if (${e()}) throw ${pick([`new Error(${e()})`, e()])}`, [], []]
      case 23:
      case 24: {
        const [x, [label, extra]] = [fresh('k'), loop()]
        const inside = inner({ ...extra, names: [...c.names, x] })
        const more = pick(['', `if (${e()}) return ${e()};`, `if (${e()}) ${pick(['break', 'continue'])};`])
        return [
          `${label}: for (const ${x} of ${pick([`pair(${e()})`, `gen(leaf(2))`, `[1, ${e()}]`, `gen(1)`])}) { ${more} ${inside} }`,
          [],
          [],
        ]
      }
      case 25: {
        const [a, b] = [fresh('v'), fresh('k')]
        return [
          `${pick(['let', 'const'])} [${b}, , ${fresh('k')} = 4] = ${pick([`pair(${e()})`, 'gen(3)'])}, ${a} = ${e()}`,
          [b, a],
          [],
        ]
      }
      case 27: {
        const [i, n, [label, extra]] = [fresh('i'), fresh('n'), loop()]
        const inside = inner({ ...extra, names: [...c.names, i] })
        return [
          `{ let ${n} = 0; ${label}: for (${pick(['let', 'var', 'const'])} ${i} = ${e()}; ${pick(['', `${n} < 2`, `leaf(${n}) < 2`])}; ${pick([`${n}++, ${e()}`, `${n} += leaf(1)`, `${e()}, ${n}++`])}) { if (${n} > 2) break; ${inside} } }`,
          [],
          [],
        ]
      }
      case 28:
        return [`box.n ${pick(['||=', '&&=', '??='])} ${e()}; make('${fresh('o')}', 1).a ??= ${e()}`, [], []]
      case 22: {
        const i = fresh('i')
        return [`for (var ${i} = 0; ${i} < 2; ${i}++) log(${i}, ${e()})`, [], []]
      }
      case 26: {
        // Hides another one.
        const name = pick(c.names)
        const value = expression({ ...c, depth: 2, names: c.names.filter((each) => each !== name), writable: [] })
        const inside = inner({ names: c.names, writable: c.writable.filter((each) => each !== name) })
        return [
          pick([
            `{ const ${name} = ${value}; ${inside} }`,
            `try { throw ${value} } catch (${name}) { ${inside} }`,
            `for (const ${name} of [${value}, 1]) { ${inside} }`,
          ]),
          [],
          [],
        ]
      }
      default:
        return [`${e()};`, [], []]
    }
  }

  const functions = Array.from({ length: 3 }, (_, n) => {
    const [p, q] = [fresh('v'), fresh('v')]
    const c: Context = {
      names: [p, q],
      writable: [p, q],
      labels: [],
      depth: pick([3, 4, 5]),
      functions: n,
      method: false,
    }
    const body = block(c, 2 + random(4))
    const [first, ends] = pick([
      [p, [') { ', ' = 3) { ', ', ...rest) { ', ") { 'use strict'; "]],
      [`{ length: ${p} = 2 } = 'ab'`, [') { ', ' = 3) { ', ', ...rest) { ']],
      [`${p} = quiet.a`, [') { ', ' = quiet.a) { ', ' = {}, ...[rest]) { ']],
      [`[${p} = quiet.a, { other = () => ${p} } = {}] = quiet.list`, [') { ', ` = quiet[${p}]) { `]],
    ] as const)
    return `function f${n}(${first}, ${q}${pick(ends)}function g${n}(x) { return leaf(x) }
${body}
return g${n}(${p}) }`
  })
  const p = fresh('v')
  const method = block({ names: [p], writable: [p], labels: [], depth: 4, functions: 3, method: true }, 3)
  return `exports.main = function main() {
let steps = 0, outer = 1, deep = 0
const trace = exports.trace = []
const text = (x) => typeof x === 'function' ? 'f' : typeof x === 'object' && x !== null ? 'o' : String(x)
const told = (e) => !(e instanceof Error) ? text(e) : e.name === 'Error' ? e.message : e.name
const log = (...all) => { if (++steps > 300) throw new RangeError('long'); trace.push(all.map(text).join(' ')); return all[0] }
function note(x) { log('note', x); return leaf(x) }
function make(name, v) { log('make', name); return { get a() { log(name, 'get'); return v }, get slow() { log(name, 'slow'); return leaf(v) }, set a(x) { log(name, 'set', x); v = x }, m(x) { log(name, 'm'); return leaf(x) }, valueOf() { log(name, 'valueOf'); return 3 }, toString() { log(name, 'toString'); return name } } }
function pair(x) { log('pair'); const list = [leaf(x), 2]; return list }
function* gen(n) { try { for (let i = 0; i < n; i++) yield leaf(i) } finally { log('gen over', leaf(n)) } }
function all(...list) { log('all', list.length); return leaf(list.length) }
function Made(x, y) { this.x = leaf(x); log('Made', y) }
function thrower(x) { leaf(x); if (++steps % 3 === 0) throw new Error('t' + text(x)); return x }
function maybe(x) { log('maybe', x); return leaf(x) ? box : null }
const quiet = { get a() { trace.push('quiet'); return 4 }, get list() { trace.push('list'); return [undefined, { get other() { trace.push('other') } }] } }
function choose(x) { log('choose', x); return x ? all : (a, b) => leaf(b) }
const box = { n: 1, list: [leaf, null, pair], m(x) { if (deep > 1) return 1; deep++; try { return method.call(box, x) } finally { deep-- } }, pass(x) { log('pass', this === box); leaf(x); return this } }
${functions.join('\n')}
function method(${p}) { ${method}
return ${p} }
for (const f of [f0, f1, f2, (x, y) => method.call(box, x)])
  try { log('result', f(1, 2)) } catch (e) { steps = 0; log('threw', told(e)) }
trace.push(text(outer))
return trace
}`
}
