import { Random } from './random.ts'

/** What programs of `randomSyntax` call: in the same module, or, compiled the other way, in one of its own. */
export const library = `function library(log) {
  function* gen(n) { try { for (let i = 0; i < n; i++) { const r = yield leaf(i); if (r) log('got', leaf(r)) } } finally { log('gen over', leaf(n)) } }
  const closes = (n) => { let i = 0; return { [Symbol.iterator]() { return this }, next() { return { done: i >= n, value: leaf(i++) } }, return() { log('closed', leaf(i)); return {} } } }
  async function* stream(n) { try { for (let i = 0; i < n; i++) yield leaf(i) } finally { log('stream over', leaf(n)) } }
  async function later(x) { log('later', leaf(x)); await null; return leaf(x) }
  function tag(strings, ...values) { return leaf(strings.raw.join('').length) + values.length + (this?.z ?? 0) }
  function through(f, ...given) { log('through'); try { return f(...given) } finally { log('through over') } }
  function each(list, f) { let last; for (const x of list) last = f(x, leaf(1)); return last }
  function thrower(x) { if (++steps % 3 === 0) throw new Error('t' + leaf(x)); return x }
  let steps = 0
  class Base {
    #p = 2; static count = 0; b = leaf(1)
    constructor(x, ...more) { this.x = leaf(x); Base.count++; this.many = more.length }
    m(y) { return leaf(this.#p) + y }
    get total() { return leaf(this.#p) + this.x } set total(v) { this.#p = leaf(v) & 7 }
    static of(...all) { return new this(...all) }
    *[Symbol.iterator]() { yield leaf(this.x); yield this.#p }
  }
  const obj = {
    z: 4, n: null, tmp: 1, list: [1, 2, (x) => leaf(x)], tag,
    a: { z: 10, tag, b(x) { return { c: leaf(x) + this.z, d: (y) => leaf(y), n: null } } },
  }
  return { gen, closes, stream, later, tag, through, each, thrower, Base, obj }
}`

interface Context {
  readonly depth: number
  readonly names: readonly string[]
  /** Labels that may be left, and, with \`true\`, be gone on with. */
  readonly labels: readonly (readonly [name: string, loop: boolean])[]
  readonly kind: 'plain' | 'generator' | 'async' | 'stream'
  readonly returns: boolean
}

/**
 * Programs at random, from a seed, of what the others leave out: optional chains, private members, patterns with defaults,
 * computed names, spread, labels, \`switch\`, generators that are left, disposal, and, with \`async\`, async functions and iteration.
 */
export function randomSyntax(seed: number, { async = false, inline = true } = {}): string {
  const choices = new Random(seed, async ? 777 : 99)
  const random = (below: number): number => choices.below(below)
  const pick = <T>(list: readonly T[]): T => choices.pick(list)
  const fresh = (letter: string): string => choices.fresh(letter)
  const number = (): string => String(random(5))
  const writable = (c: Context): string => pick(['obj.tmp', 'outer', ...c.names.filter((name) => name.startsWith('v'))])
  const awaits = (c: Context): boolean => c.kind === 'async' || c.kind === 'stream'

  /** Inside of a function of another kind. */
  const within = (c: Context, kind: Context['kind'], ...names: string[]): Context => ({
    depth: c.depth - 1,
    names: [...c.names, ...names],
    labels: [],
    kind,
    returns: true,
  })

  function expression(c: Context): string {
    if (c.depth <= 0) return random(3) === 0 || c.names.length === 0 ? number() : pick(c.names)
    const d = { ...c, depth: c.depth - 1 }
    const e = (): string => expression(d)
    const sub = (...names: string[]): string => expression({ ...within(c, 'plain', ...names) })
    const x = fresh('x')
    switch (random(44)) {
      case 0:
      case 1:
      case 2:
        return `leaf(${e()})`
      case 3:
        return `(${e()} ${pick(['+', '-', '*', '|', '<', '&&', '||', ',', '**'])} ${e()})`
      case 4:
        return `(${e()} ?? ${e()})`
      case 5:
        return `(${e()} ? ${e()} : ${e()})`
      case 6:
        return `obj?.a?.b(${e()})?.c`
      case 7:
        return `obj[${pick(["'a'", "'n'", "leaf('a')", "leaf('n')"])}]?.b?.(${e()})?.d?.(${e()})`
      case 8:
        return `obj.n?.b(${e()}).c.d[${e()}]`
      case 9:
        return `(obj?.a.b)(${e()}).c`
      case 10:
        return `obj.list?.[${e()} & 1]`
      case 11:
        return `obj.list.at?.(2)?.(${e()})`
      case 12:
        return `(delete obj${pick(['?.q', `.a?.[leaf('q')]`, `?.a[${e()}]`])})`
      case 13:
        return `(typeof obj.n?.x[${e()}]).length`
      case 14:
        return `(obj.${pick(['n', 'a'])} ?? { b: (${x}) => ({ c: ${sub(x)} }) }).b(${e()})?.n?.[${e()}]`
      case 15:
        return `obj.a.b(${e()}).n?.(${e()})`
      case 16: {
        const y = fresh('y')
        return `new (class { #x = ${sub()}; #m(y) { return leaf(y) + this.#x } get #g() { return leaf(this.#x) } set #g(v) { this.#x = leaf(v) & 7 } static #s = leaf(2); go(${y}) { this.#g ${pick(['=', '+=', '||=', '??='])} ${sub(y)}; ${pick(['this.#g++; ', '', 'this.#x **= 2; '])}return #x in this ? this.#m?.(${sub(y)}) : ${sub()} } static s() { return this.#s++ + this.#s } })().go(${e()})`
      }
      case 17:
        return `(class { static #s = ${sub()}; static get #v() { return leaf(this.#s) } static s(${x}) { return this.#v + (${sub(x)}) } }).s(${e()})`
      case 18: {
        const [p, q, r] = [fresh('v'), fresh('v'), fresh('r')]
        return `(([${p}, ${q} = ${sub(p)}], { c: ${x} = ${sub(p, q)}, ...${r} } = {}) => ${sub(p, q, x)})([${e()}]${pick(['', `, { d: ${e()} }`, `, { c: ${e()}, e: 1 }`])})`
      }
      case 19: {
        const v = writable(c)
        return `([${v}, ${pick([`[obj.tmp = ${e()}]`, `...obj.rest`, `{ a: obj.tmp = ${e()} }`])}] = [${e()}, [${e()}]], ${v})`
      }
      case 20: {
        const v = writable(c)
        return `({ a: ${v}, [${e()}]: obj.tmp = ${e()}, ...obj.rest } = { a: ${e()}, b: ${e()} }).b`
      }
      case 21:
        return `sum(...[${e()}], ${pick([`...gen(${e()} & 3)`, `...closes(2)`, e()])}, ${e()})`
      case 22:
        return `({ ...{ a: ${e()} }, b: ${e()}, ...${pick(['null', `{ a: ${e()} }`, 'obj.list'])} }).${pick(['a', 'b'])}`
      case 23:
        return `${pick(['new Base', 'Base.of', 'new Derived'])}(...[${e()}, ${e()}], ${e()}).${pick(['x', 'many', 'total', 'b', `m(${e()})`, `m?.(${e()})`])}`
      case 24:
        return `tag\`a\${${e()}}\\n\${tag\`\${${e()}}\`}\``
      case 25:
        return `obj.${pick(['tag', 'a.tag'])}\`\${${e()}}\``
      case 26:
        return `({ [leaf('k')]: ${e()}, ['m' + ${e()}](${x}) { return ${sub(x)} }, get [\`g\${${e()}}\`]() { return 3 } }).k`
      case 27:
        return `new (class { [leaf('m')](${x}) { return ${sub(x)} } static [\`s\${${e()}}\`] = 4; *[Symbol.iterator]() { yield ${sub()} } })().m(${e()})`
      case 28:
        return `(${writable(c)} ${pick(['=', '+=', '-=', '**=', '||=', '&&=', '??='])} ${e()})`
      case 29:
        return pick([
          `obj[leaf('tmp')]++`,
          `--obj.tmp`,
          `outer++`,
          `(obj[leaf('tmp')] += ${e()})`,
          `(obj[leaf('tmp')] ??= ${e()})`,
        ])
      case 30:
        return `(function (${x}) { arguments[${pick(['0', '1'])}] = ${sub(x)}; return ${x} + arguments.length })(${e()}, ...[${e()}])`
      case 31:
        return `(function F() { return new.target === undefined ? ${sub()} : { v: leaf(1) } })()`
      case 32:
        return `through((${x}) => ${sub(x)}, ${e()})`
      case 33:
        return `each(${pick([`[${e()}, ${e()}]`, 'gen(2)', 'closes(2)', `new Base(${e()})`])}, (${x}) => ${sub(x)})`
      case 34:
        return `thrower(${e()})`
      case 35:
        return `(({ f(${x}) { return (() => this.v + (${sub(x)}))() }, v: ${e()} }).f(${e()}))`
      case 36:
        return `'ab'.replace(/./g, (${x}) => ${sub(x)}).length`
      case 37:
        return `[...${pick(['gen(3)', 'closes(2)', `new Derived(${e()})`])}].map((${x}) => ${sub(x)}).join()`
      case 38:
        return c.kind === 'generator' || c.kind === 'stream'
          ? `(yield ${e()})`
          : `(() => { ${block({ ...within(c, 'plain') }, 2)} })()`
      case 39:
      case 40:
        if (!awaits(c)) return `log(${e()})`
        return pick([
          () => `(await leaf(${e()}))`,
          () => `(await later(${e()}))`,
          () => `(await (async (${x}) => ${expression(within(c, 'async', x))})(${e()}))`,
          () => `(await obj?.a?.b(await ${e()}).d(${e()}))`,
          () =>
            `(await new (class { #q = 1; async go(${x}) { this.#q += ${expression(within(c, 'async', x))}; return this.#q } })().go(${e()}))`,
        ])()
      case 41:
        return `(${e()} in { 1: 1 })`
      case 42:
        return `(void ${e()} === undefined ? \`\${${e()}}\${${e()}}\`.length : 0)`
      default:
        return `log(${e()})`
    }
  }

  function block(c: Context, length = 1 + random(3)): string {
    let names = c.names
    const lines: string[] = []
    for (let n = 0; n < length; n++) {
      const [line, added = []] = statement({ ...c, names, depth: c.depth - 1 })
      lines.push(line)
      names = [...names, ...added]
    }
    return `${lines.join(';\n')};`
  }

  function statement(c: Context): [text: string, names?: string[]] {
    const e = (): string => expression({ ...c, depth: Math.max(1, Math.min(c.depth, 3)) })
    if (c.depth <= 0) return [`log(${e()})`]
    const more = (extra: Partial<Context> = {}): string => block({ ...c, ...extra })
    const looping = (label: string, ...names: string[]): string =>
      more({ names: [...c.names, ...names], labels: [...c.labels, [label, true]] })
    const [a, b, x, label] = [fresh('v'), fresh('v'), fresh('x'), fresh('L')]
    switch (random(29)) {
      case 0:
        return [`${pick(['let', 'var'])} ${a} = ${e()}`, [a]]
      case 1:
        return [
          `${pick(['let', 'var', 'const'])} { a: ${x}, [${e()}]: { q: ${a} = ${e()} } = { q: ${e()} }, ...${b} } = { a: ${e()} }`,
          [x],
        ]
      case 2:
        return [
          `let [${a} = ${e()}, , [${b} = ${e()}] = [], ...${x}] = ${pick([`[${e()}, ${e()}, [${e()}], 4]`, '[]', `gen(${e()} & 1)`])}`,
          [a, b],
        ]
      case 3:
        return [`${label}: { ${more({ labels: [...c.labels, [label, false]] })} }`]
      case 4:
        return [
          `${label}: for (let ${a} = 0, f = () => ${a}; ${a} < ${pick(['2', 'leaf(3)'])}; ${pick([`${a}++`, `leaf(${a}++)`])}) { fs.push(f, () => leaf(${a} * 2), () => ${a}++); ${looping(label, a)} }`,
        ]
      case 5:
        return [`${label}: for (const ${x} in { a: ${e()}, b: 1 }) { fs.push(() => ${x}); ${looping(label, x)} }`]
      case 6:
        return [
          `${label}: for (const [${x}, { b: ${a} = ${e()} } = {}] of [[${e()}, {}], [${e()}]]) { fs.push(() => leaf(${x})); ${looping(label, x, a)} }`,
        ]
      case 7:
        return [
          `${label}: for (${pick(['const', 'let', 'var'])} ${a} of ${pick([`[${e()}, ${e()}]`, `gen(${e()} & 3)`, 'closes(3)', `new Base(${e()})`])}) { ${looping(label)} }`,
        ]
      case 8:
        return [
          `{ let ${a} = 0; ${label}: while (${pick([`${a}++ < 2`, `leaf(${a}++) < 2`])}) { let ${b} = ${e()}; fs.push(() => ${b}++, () => leaf(${b})); ${looping(label, a, b)} } }`,
        ]
      case 9:
        return [`{ let ${x} = 0; ${label}: do { ${looping(label, x)} } while (leaf(++${x}) < 2) }`]
      case 10: {
        if (c.labels.length === 0) return [`log(${e()})`]
        const [name, loop] = pick(c.labels)
        return [`if (${e()}) ${loop ? pick(['break', 'continue']) : 'break'} ${name}`]
      }
      case 11:
        return c.returns ? [`if (${e()}) return ${e()}`] : [`log(${e()})`]
      case 12:
        return [
          `${label}: switch (${e()}) { case ${e()}: let ${a} = ${e()}; ${more({ labels: [...c.labels, [label, false]] })} case ${number()}: log(${e()}); ${pick(['break;', ''])} default: log(${e()}); case ${e()}: { ${more()} } case 'never': fs.push(() => ${number()}) }`,
        ]
      case 13:
        return [`try { ${more()} } catch (${x}) { log('caught', told(${x})); ${more()} }`]
      case 14:
        return [
          `try { ${more()} } catch ({ name: ${x} = ${e()} }) { log(${x}) } finally { log('finally', ${e()}); ${pick(['', more({ labels: [], returns: false })])} }`,
        ]
      case 15:
        return [
          `${label}: try { ${more()} } finally { log('finally', leaf(${e()})); ${c.returns ? pick([`if (${e()}) break ${label};`, `if (${e()}) return ${e()};`, '']) : ''} }`,
        ]
      case 16: {
        const f = fresh('f')
        const inner = within(c, 'plain', a, b, x)
        return [
          `function ${f}(${a}, [${b} = ${expression({ ...inner, names: [...c.names, a] })}] = [], { c: ${x} = 1 } = {}, ...rest) { ${block(inner)}\nreturn ${a} + rest.length }\nlog(${f}(${e()}, [${e()}], undefined, ${e()}), ${f}.length)`,
        ]
      }
      case 17: {
        const g = fresh('g')
        const inner: Context = { ...within(c, 'generator'), depth: c.depth - 1 }
        return [
          `function* ${g}() { try { ${block(inner)}\n${pick(['', 'yield* gen(2);', 'yield* closes(2);', 'log(yield* [1, 2]);'])}\nreturn ${expression(inner)} } finally { log('left', ${expression(inner)}) } }
{ const it = ${g}(); log(text(it.next()), ${pick([`text(it.next(${e()}))`, '0'])}); try { log(text(it.${pick(['return', 'throw', 'next'])}(${e()})), text(it.next())) } catch (e) { log('out', told(e)) } }`,
        ]
      }
      case 18: {
        const C = fresh('C')
        const inner = within(c, 'plain', x)
        const value = (): string => expression({ ...inner, names: c.names })
        return [
          `class ${C} extends ${pick(['Base', 'Derived', 'Object'])} { static s = ${value()}; static { log(${value()}) } [leaf('f')] = 1; ${pick(['', `constructor(${x}) { log(${expression(inner)}); super(${x}); this.y = ${value()} }`])} m(${x}) { return super.m?.(${expression(inner)}) ?? super['toString']().length } get own() { return ${value()} } async *[Symbol.asyncIterator]() {} static async s2() {} }
log(Object.keys(new ${C}(${e()})).join(), new ${C}(1).m(${e()}), ${C}.s)`,
        ]
      }
      case 19:
        return [
          `{ function ${x}() { return ${expression(within(c, 'plain'))} } } log(typeof ${x} === 'function' ? ${x}() : 'none')`,
        ]
      case 20:
        return [`if (${e()}) ${pick([`throw new Error(${e()})`, `throw ${e()}`, `log(${e()}); else log(${e()})`])}`]
      case 21: {
        const owned = (kind: 'plain' | 'async' = 'plain'): string => {
          const does = `log('disposed', ${pick([number(), `leaf(${number()})`, expression(within(c, kind)), `thrower(${number()})`])})`
          return kind === 'async'
            ? `{ async [Symbol.asyncDispose]() { ${does} } }`
            : `{ [Symbol.dispose]() { ${does}; return ${expression(within(c, 'plain'))} } }`
        }
        const [using, resource] = awaits(c) && random(2) ? ['await using', owned('async')] : ['using', owned()]
        return [
          pick([
            () =>
              `{ ${using} ${x} = ${resource}${pick(['', `, ${a} = null`])}; ${more()} ${pick(['', `using ${b} = ${owned()}`])} }`,
            () => `${label}: for (${using} ${x} of [${resource}, null, ${owned()}]) { ${looping(label)} }`,
            () =>
              `{ let ${a} = 0; ${using} ${x} = ${resource}; ${label}: for (; ${a}++ < 2;) { fs.push(() => typeof ${x}); ${looping(label)} } }`,
            () =>
              `log((() => { 'use strict'; using ${x} = ${owned()}; ${block(within(c, 'plain'))} return ${expression(within(c, 'plain'))} })())`,
          ])(),
        ]
      }
      case 22:
      case 23:
        if (!awaits(c)) return [`for (${writable(c)} of [${e()}, ${e()}]) log(${e()})`]
        return [
          `${label}: for await (const ${x} of ${pick([`stream(${e()} & 3)`, `[${e()}, Promise.resolve(${e()})]`, `(async function* () { ${block(within(c, 'stream'))} yield* stream(2) })()`])}) { ${looping(label, x)} }`,
        ]
      case 25: {
        // Hides another one.
        const name = pick(c.names)
        const value = expression({ ...c, depth: 2, names: c.names.filter((each) => each !== name) })
        const inside = more({ labels: c.labels })
        return [
          pick([
            `{ let ${name} = ${value}; ${inside} }`,
            `try { throw ${value} } catch (${name}) { ${inside} }`,
            `for (let ${name} of [${value}, 1]) { ${inside} }`,
          ]),
        ]
      }
      case 24:
        return [`fs.push(() => ${expression(within(c, 'plain'))})`]
      default:
        return [`log(${e()})`]
    }
  }

  const depth = pick([2, 3, 3, 4, 5])
  const body = block({ depth, names: ['a'], labels: [], kind: async ? 'async' : 'plain', returns: true }, depth + 1)
  return `exports.main = ${async ? 'async ' : ''}function main() {
let steps = 0, outer = 1
const trace = exports.trace = [], fs = []
const text = (x) => typeof x === 'function' ? 'f' : typeof x === 'object' && x !== null ? 'done' in x ? \`\${text(x.value)} \${x.done}\` : Array.isArray(x) ? \`[\${x.map(text)}]\` : 'o' : String(x)
const told = (e) => !(e instanceof Error) ? text(e) : e.name === 'SuppressedError' ? told(e.error) + ' after ' + told(e.suppressed) : e.name === 'Error' ? e.message : e.name
const log = (...all) => { if (++steps > 300) throw new RangeError('long'); trace.push(all.map(text).join(' ')); return all[0] }
${inline ? library : ''}
const { gen, closes, stream, later, tag, through, each, thrower, Base, obj } = library(log)
const sum = (...all) => all.reduce((x, y) => leaf(x) + y, 0)
class Derived extends Base { d = this.x + leaf(1); constructor(...all) { log('derived', leaf(all.length)); super(...all); log(this.d) } m(y) { return super.m(y) + (() => super.m(leaf(1)))() } get total() { return leaf(9) } }
const all = ${async ? 'async ' : ''}function (a) { ${body}
return a }
try { log('result', ${async ? 'await ' : ''}all(1)) } catch (e) { steps = 0; log('threw', told(e)) }
for (const f of fs.slice(0, 30)) try { trace.push(text(f())) } catch (e) { trace.push(told(e)) }
return trace
}`
}
