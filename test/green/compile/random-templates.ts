import { Random } from './random.ts'

/**
 * Programs at random, from a seed, out of templates, one for each thing that the language can do and that may go wrong. In a template
 *
 *     @e  @b     an expression, some statements
 *     @E  @B     the same inside of a function: labels and `yield` of around are out of reach, and `return` is in
 *     @Y  @Z     the same inside of a generator
 *     @v  @n     something that can be assigned to, a number
 *     @1 … @9    names of its own. Behind one of the above in brackets, as in `@e[1 2]`: they are in scope there
 *     #{          what `${` is in what is made
 *     @L  @M     a label of its own, of a loop and of a block, which `@b` may use
 */
const expressions = [
  // Calls, and who is called how.
  'leaf(@e)',
  'leaf(@e)',
  'log(@e, @e)',
  'note(@e)(@e)',
  '(note(@e), leaf)(@e)',
  'leaf?.(@e)',
  'none?.(@e)',
  'obj.none?.(@e)',
  'obj?.m?.(@e)?.toString?.()',
  'obj?.["m"](@e)',
  '(obj.m)(@e)',
  '(obj?.m)(@e)',
  'obj[leaf("m")](@e, ...[@e])',
  'obj.self.self?.self.m(@e)',
  'obj.m.call(obj, @e)',
  'obj.m.apply(@e, [@e])',
  'obj.m.bind(obj, @e)()',
  'Reflect.apply(obj.m, obj, [@e])',
  'Reflect.construct(Base, [@e], leaf(Derived)).x',
  'rest(...[@e, @e], @e)',
  'rest(@e, ...walk(2, @n), ...new Set([@e]))',
  'new Base(@e).x',
  'new Base(...[@e]).m(@e)',
  'new (leaf(Derived))(@e).m(@e)',
  'new obj.Made(@e).y',
  'new (function (@1) { this.a = @E[1]; if (@E[1]) return { a: @E } })(@e).a',
  'tag`a#{@e}b#{@e}`',
  'obj.tag`#{@e}`',
  '(obj?.["tag"])`x#{@e}`.length',
  'String.raw`\\n#{@e}`',
  'fib(3) + @e',
  'even(@n, @e)',
  // Functions.
  '((@1, @2 = @E[1], ...@3) => @E[1 2])(@e, ...[@e])',
  '((@1 = @E) => { @B[1] })(@e)',
  '(({ a: @1 = @E, ...@2 }, [@3, , @4 = @E[1]] = [@E]) => @E[1 3 4])({ a: @e, b: @e })',
  '(({ a: @1, b: [@2] = [3] } = {}) => @E[1 2])(@e)',
  '(function @1(@2) { return @2 > 2 ? @E[2] : @1(@2 + 1) })(@n)',
  '(function (@1) { arguments[0] = @E[1]; return @1 })(@e)',
  '(function (@1) { @1 = @E; return [arguments[0], arguments.length, ...arguments].length })(@e, @e)',
  '(function () { return (() => leaf(arguments[0]))() })(@e)',
  "(function () { 'use strict'; return [this === undefined, leaf(@E)].join() })()",
  '(function () { return typeof this + leaf(1) }).call(@e)',
  '(function (@1, @2 = () => @1) { var @1; @1 = @E; return [@1, @2()].join() })(@e)',
  '(function (@1, @2 = () => leaf(@1)) { @1 = @E; return @2() })(@e)',
  '(function () { return new.target === undefined ? @E : 1 })()',
  '[(() => {}).name, (@1 => @E[1]).length].join()',
  '(() => { try { return @E } finally { log(@E) } })()',
  '(() => { try { throw @E } catch (@1) { return @E[1] } finally { @B } })()',
  '(() => { for (const @1 of walk(3, @n)) if (@E[1]) return @E[1] })()',
  // Operators, and their order.
  '(@e + @e * @e)',
  '(@e ?? @e)',
  '(@e || @e && @e)',
  '(@e, @e)',
  '(@e ? @e : @e ? @e : @e)',
  '(-leaf(@e)) ** 0',
  '(note(1)[leaf("name")] === @e)',
  '`#{@e}#{coerced(@n)}`',
  '(coerced(@e) + @e)',
  '(coerced(@e) < coerced(@e))',
  '(@e in { 1: 1, [@e]: 2 })',
  '(leaf(obj) instanceof Base)',
  '(typeof nowhere + typeof leaf(@e))',
  'delete obj[leaf("gone")]',
  '(delete obj?.gone)',
  'void leaf(@e)',
  '!(@v = @e)',
  '(@v += @e)',
  '(@v ??= @e)',
  '(@v ||= leaf(@e))',
  '(@v &&= @e)',
  '@v++',
  '--@v',
  '(@v = @v + @e)',
  '(obj[coerced("n")] = @e)',
  'obj[coerced("n")]++',
  '(obj[coerced("n")] += leaf(@e))',
  '(obj[leaf("n")] ??= @e)',
  '(obj.n = @e).toString?.()',
  '(obj.n **= leaf(@e))',
  // Accessors that park, and some that do not.
  'obj.slow',
  '(obj.slow = @e)',
  '(obj.slow += @e)',
  'obj.slow++',
  '(obj["slow"] ||= @e)',
  'new Derived(@e).quick',
  '(new Derived(@e).quick = leaf(@e))',
  // Literals.
  '[@e, , ...walk(2, @n), @e].length',
  '({ a: @e, [leaf("b")]: @e, ...{ c: @e }, get d() { return @E }, e(@1) { return @E[1] } }).a',
  '({ a: @e, get a() { return @E } }).a',
  '({ __proto__: obj, m(@1) { return super.m(@E[1]) } }).m(@e)',
  '({ __proto__: { get k() { return this.z }, z: 1 }, z: @e, f() { return [super.k, super["k"], leaf(super.z)].join() } }).f()',
  '({ f: () => @E, g() { return leaf(this.f.name) } }).g()',
  '({ *f() { yield @Y; yield* [@Y] } }).f().next().value',
  '({ async: leaf(@e), get: 1, set: 2, static: 3 }).async',
  // Patterns.
  '([@v, @v = @e] = [@e])',
  '([@v, ...obj.list] = walk(3, 0)).length',
  '({ a: @v, ...obj.rest } = { a: @e, b: 1 }).b',
  '({ a: @v = @e, [leaf("b")]: @v } = { b: @e }).b',
  '([[@v], { c: @v }] = [[@e], { c: @e }]).length',
  '([obj[leaf("n")]] = [@e])[0]',
  '[[@v, @v] = [@v, @v]].length',
  // Classes.
  '(class { static a = @E; static b = leaf(this.a); static { this.c = @E } }).c',
  'new (class { #a = @E; #m(@1) { return leaf(this.#a) + @E[1] } static is(@1) { return #a in @1 } go(@2) { return this.#m(@E[2]) } })().go(@e)',
  'new (class { static #c = 0; #n = ++this.constructor.k; static k = @E; get #g() { return leaf(this.#n) } set #g(@1) { this.#n = @E[1] } go() { this.#g += @E; return [this.#g++, this.#g].join() } })().go()',
  'new (class extends Base { x = 3; constructor(@1) { const @2 = () => this; super(@E[1]); this.z = leaf(@2().x) } })(@e).z',
  'new (class extends Base { y = leaf(this.x); constructor(@1) { log(@E[1]); super(@E[1]); log(this.y) } m(@2) { return [super.m(@E[2]), (() => super.m(leaf(1)))()].join() } })(@e).m(@e)',
  'new (class extends Derived { #q = leaf(1); m(@1) { return super["m"](this.#q + @E[1]) } get x2() { return @E } })(@e).m(@e)',
  '(class extends mixed(leaf(Base)) { static of(@1) { return super.of?.(@1) ?? new this(@E[1]) } }).of(@e).mixed(@e)',
  '(class { static m(@1) { return leaf(this.name + @E[1]) } static async n() {} static *o() { yield @Y } }).m(@e).length',
  'new (class @1 { static self = @1; m() { return @1.self === @1 && leaf(@E) } })().m()',
  'new (class { [leaf("f")] = 3; static [note(2).name] = 1; ["m" + @e]() {} })().f',
  'new (class extends Array { constructor(@1) { super(); this.push(leaf(@E[1])) } })(@e).length',
  'new (class extends Error { name = "Own"; constructor(@1) { super(leaf(@1), { cause: @E }) } })(@e).message',
  '(class { static f = () => this.g; static g = @E }).f()',
  // Builtins that call back.
  '[1, , 3].map((@1, @2) => @E[1 2]).join()',
  '[@e, 2, 1].sort((@1, @2) => leaf(@1) - leaf(@2)).join()',
  '[1, 2, 3].reduce((@1, @2) => leaf(@1) + @E[2], @e)',
  '[1, 2].flatMap((@1) => [@1, @E[1]]).filter((@2) => leaf(@2)).length',
  '[3, 4].findLast(function (@1) { return leaf(this.n === @1) }, obj)',
  'Array.from(walk(3, @n), (@1) => @E[1]).length',
  'Array.from({ length: 2, 0: @e }, (@1, @2) => leaf(@2)).join()',
  '"a1b2".replace(/\\d/g, (@1) => leaf(@1) + @E)',
  'new Map([[1, @e]]).forEach((@1, @2) => log(@E[1 2]))',
  'Object.entries({ a: @e }).some(([@1, @2]) => @E[1 2])',
  '[...(function* () { @Z })()].length',
  '[...(function* (@1) { const @2 = yield @Y[1]; log(@2); yield* walk(2, @n); return @Y[1] })(@e)].join()',
  'JSON.stringify({ a: @e, toJSON() { return 1 } })',
  'through(() => @E)',
  'through(function (@1 = @E) { @B[1] })',
]

const statements = [
  'let @1 = @e, @2 = @e[1];=12',
  'const @3 = @e, @4 = () => @E;=34',
  'var @1 = @e;=1',
  'let @1;=1',
  'const { a: @3, b: { c: @4 = @e } = {}, ...@5 } = { a: @e, d: 1 };=34',
  'const [@3, , [@4] = [@e], ...@5] = [@e, 2];=34',
  'let [@1 = @e, @2 = @e] = walk(@n, 0);=12',
  'for (const @3 of walk(2, @n)) var @1 = @e[3];=1',
  'function @1(@2, @3 = @E[2]) { @B[2 3] } log(@1(@e), @1.length)',
  '{ function @1() { return @E } log(@1()) }',
  'const @3 = (@2) => { @B[2] }; log(@3(@e), @3.name);',
  'if (@e) { @b } else if (@e) { @b } else log(@e)',
  'if (@e) log(@e); else { @b }',
  'if (@e) throw @e',
  'if (@e) throw new Error(leaf("e"))',
  'leave',
  'leave',
  'leave',
  '@M: { @b }',
  '@M: if (@e) { @b } else break @M',
  '@L: for (let @7 = 0, @2 = () => @7; @7 < 2; @7++) { fs.push(@2, () => leaf(@7), () => ++@7); @b[7] }',
  '@L: for (let @7 = leaf(0), @3 = leaf(2); @7 < @3; fs.push(() => @7), @7 += leaf(1)) { @b[7 3] }',
  '@L: for (let [@7, @2] = [0, @e]; leaf(@7) < 2; @7++) { fs.push(() => [@7, @2].join()); @b[7 2] }',
  'for (let @7 = 0; ;) { if (leaf(@7++) > 1) break; let @2 = @e[7]; fs.push(() => @2++, () => leaf(@2)); }',
  '{ let @7 = 0; @L: while (leaf(@7++) < 2) { const @3 = @e[7]; fs.push(() => leaf(@3)); @b[7 3] } }',
  '{ let @7 = 0; @L: do { @b[7]; if (@e) continue @L; @b } while (++@7 < leaf(2)) }',
  '{ let @7 = 3; @L: while (@7-- > 0) try { if (@e[7]) continue @L; @b } finally { log(@7) } }',
  '@L: for (const @3 of [@e, @e]) { fs.push(() => @3, () => leaf(@3)); @b[3] }',
  '@L: for (const @3 of walk(3, @n)) { try { @b[3] } finally { log("f", @e) } }',
  '@L: for (let @1 of walk(2, @n)) { @1 = @e[1]; fs.push(() => @1++); @b[1] }',
  '@L: for (const { a: @3 = @e, ...@4 } of [{ a: @e }, {}]) { @b[3] }',
  '@L: for (const [@3, @4 = @e[3]] of new Map([[1, @e], [@e, 2]])) { @b[3 4] }',
  'for (@v of [@e, @e]) log(@e)',
  'for ([@v, @v = @e] of [[@e], [1, 2]]) { @b }',
  'for (obj[leaf("n")] of [1, @e]) { @b }',
  'for (obj.n in { a: 1, [@e]: 2 }) log(@e)',
  '@L: for (const @3 in { a: @e, b: 1, [@e]: 2 }) { fs.push(() => @3); @b[3] }',
  '{ const @3 = { a: 1, b: 2, c: 3 }; for (var @1 in leaf(@3)) { delete @3.b; log(@1, @e[1]) } }',
  'outer@1: for (const @3 of walk(3, @n)) for (const @4 of walk(2, @n)) { try { if (leaf(@4)) continue outer@1; if (@e[3 4]) break outer@1 } finally { log(leaf(@3), @4) } }',
  '@M: switch (@e) { case @e: let @1 = @e; fs.push(() => @1++, () => leaf(@1)); @b[1]; default: log(@e); case @n: { @b } break; case leaf("x"): @b }',
  'switch (leaf(@n)) { default: log(@e); case 1: @b; case 2: if (@e) break; log(@e) }',
  '@L: for (let @7 = 0; @7 < 3; @7++) switch (@7) { case @n: continue; case 1: if (@e[7]) continue @L; default: { @b[7] } }',
  'try { @b } catch (@1) { log("caught", told(@1)); @b }',
  'try { @b } catch { @b } finally { log("finally", @e) }',
  'try { @b } finally { log("finally"); @b }',
  'try { @b; throw @e } catch ({ message: @1 = @e, length: @2 }) { log(@1, @2); @b[1 2] }',
  '@M: try { @b } finally { if (@e) break @M }',
  '@L: for (const @3 of [1, 2]) try { @b[3] } finally { if (@e[3]) continue @L; log(@e) }',
  'try { try { throw @e } finally { leaf(1); if (@e) throw @e } } catch (@1) { log(told(@1)) }',
  'try { log(@1, @e) } catch (@2) { log(told(@2)) } let @1 = @e;=1',
  'try { (() => { log(@3()); const @4 = @E; function @3() { return leaf(@4) } log(@3()) })() } catch (@2) { log(told(@2)) }',
  'try { null.x = @e } catch (@1) { log(told(@1)) }',
  'try { @e; obj.nothing(@e) } catch (@1) { log(told(@1)) }',
  'try { const @3 = @e; @3 = @e } catch (@1) { log(told(@1)) }',
  'function* @1(@2) { try { @Z[2] } catch (@3) { log("in", told(@3)); yield @Y[3] } finally { log("over", @Y); @Z } } { const @4 = @1(@e); log(text(@4.next()), text(@4.next(@e))); try { log(text(@4.throw(@e)), text(@4.next())) } catch (@5) { log(told(@5)) } log(text(@4.return(@e)), text(@4.next())) }',
  'function* @1() { try { yield @Y; yield @Y } finally { yield leaf(7); if (@Y) return @Y } } { const @4 = @1(); @4.next(); log(text(@4.return(@e)), text(@4.next()), text(@4.next())) }',
  'function* @1() { const @2 = yield* walk(3, @n); log(text(@2)); for (const @3 of walk(2, @n)) { const @4 = yield @Y[3]; if (@4) break } } for (const @5 of @1()) { log(@5); if (@e[5]) break }',
  'class @1 extends Base { static s = leaf(2); a = @E; constructor(@2) { super(@E[2]); @B[2] } m(@3) { return super.m(@E[3]) } static of(@4) { return new this(@E[4]) } } try { log(@1.of(@e).m(@e), @1.s) } catch (@5) { log(told(@5)) }',
  'class @1 { #v = @E; get v() { return this.#v } set v(@2) { this.#v = @E[2] } static #s(@3) { return leaf(@E[3]) } static t(@4) { return @1.#s(@4) } swap(@5) { [this.#v, this.w] = [@E[5], this.#v]; return this } } log(new @1().swap(@e).v, @1.t(@e))',
  'class @1 { a = leaf(1); static b = @E; c = [this.a, @E].join(); static { try { log(@E) } catch {} } } log(new @1().c, @1.b)',
  'fs.push(() => @E)',
  'fs.push(function (@1 = @E) { @B[1] })',
  'log(@e)',
  'log(@e, @e)',
  '@e',
  ';',
  '{ let @1 = @e; @b[1] }',
  '{ const @3 = @e; { const @4 = @e[3]; fs.push(() => leaf(@3) + @4) } @b[3] }',
  'debugger',
]

interface Context {
  readonly depth: number
  /** Names that can be read, and those that can be written as well. */
  readonly names: readonly string[]
  readonly writable: readonly string[]
  readonly labels: readonly (readonly [name: string, loop: boolean])[]
  readonly generator: boolean
  readonly returns: boolean
}

const placeholder = /@([ebEBYZ])(?:\[([\d ]+)\])?|@([vnLM1-9])/g

export function randomTemplates(seed: number): string {
  const choices = new Random(seed, 31)
  const pick = <T>(list: readonly T[]): T => choices.pick(list)

  function fill(template: string, c: Context): [text: string, own: ReadonlyMap<string, string>] {
    const own = new Map<string, string>()
    const nameOf = (letter: string): string => {
      if (!own.has(letter))
        own.set(letter, choices.fresh(/[LM]/.test(letter) ? letter : /[126]/.test(letter) ? 'v' : 'c'))
      return own.get(letter) as string
    }
    const labels = [...c.labels]
    for (const [, letter] of template.matchAll(/@([LM]):/g)) labels.push([nameOf(letter as string), letter === 'L'])
    const text = template
      .replaceAll('#{', '${')
      .replace(placeholder, (_, what: string | undefined, list: string | undefined, other: string) => {
        if (other === 'n') return String(choices.below(5))
        if (other === 'v') return pick([...c.writable, 'obj.n', 'outer'])
        if (what === undefined) return nameOf(other)
        const added = (list ?? '').split(' ').filter(Boolean).map(nameOf)
        const inner: Context = {
          ...c,
          depth: c.depth - 1,
          names: [...c.names, ...added],
          writable: [...c.writable, ...added.filter((name) => name.startsWith('v'))],
          labels,
        }
        const outside = { ...inner, labels: [], returns: true, generator: /[YZ]/.test(what) }
        const context = /[eb]/.test(what) ? inner : outside
        return /[bBZ]/.test(what) ? block(context) : expression(context)
      })
    return [text, own]
  }

  function expression(c: Context): string {
    if (c.depth <= 0) return choices.below(3) === 0 ? String(choices.below(5)) : pick([...c.names, 'outer', 'leaf(1)'])
    if (c.generator && choices.below(12) === 0) return `(yield ${expression({ ...c, depth: c.depth - 1 })})`
    return fill(pick(expressions), c)[0]
  }

  function block(c: Context): string {
    const lines: string[] = []
    let inner = c
    for (let n = choices.below(3); n >= 0; n--) {
      const [template, exported = ''] = (c.depth <= 0 ? 'log(@e)' : pick(statements)).split(/;=(?=\d+$)/)
      const [text, own] = template === 'leave' ? [leave(inner), new Map()] : fill(template as string, inner)
      lines.push(text)
      const added = [...exported].map((letter) => own.get(letter) as string)
      inner = {
        ...inner,
        names: [...inner.names, ...added],
        writable: [...inner.writable, ...added.filter((name) => name.startsWith('v'))],
      }
    }
    if (c.generator && choices.below(2) === 0) lines.push(`yield ${expression({ ...inner, depth: inner.depth - 1 })}`)
    return lines.map((line) => (line.endsWith(';') ? line : `${line};`)).join('\n')
  }

  function leave(c: Context): string {
    const e = expression({ ...c, depth: Math.min(c.depth - 1, 1) })
    if (c.labels.length === 0 || (c.returns && choices.below(3) === 0))
      return c.returns ? `if (${e}) return ${expression({ ...c, depth: Math.min(c.depth - 1, 2) })}` : `log(${e})`
    const [name, loop] = pick(c.labels)
    return `if (${e}) ${loop ? pick(['break', 'continue']) : 'break'} ${name}`
  }

  const context = {
    depth: pick([1, 2, 2, 3, 3, 4]),
    names: ['c'],
    writable: ['v'],
    labels: [],
    generator: false,
    returns: true,
  }
  const bodies = [1, 2].map((n) => `function all${n}(c, v) { ${block(context)}\n${block(context)}\nreturn v }`)
  return `exports.main = function main() {
let steps = 0, outer = 1
const trace = exports.trace = [], fs = []
const text = (x) => typeof x === 'function' ? 'f' : typeof x === 'object' && x !== null ? 'done' in x ? text(x.value) + ' ' + x.done : Array.isArray(x) ? '[' + x.map(text) + ']' : 'o' : shown(String(x))
const shown = (x) => /=>|function|class/.test(x) ? 'a text' : x // of a function: compiled, it is another one
const told = (e) => !(e instanceof Error) ? text(e) : /^(NativeFrame)?Error$/.test(e.name) ? e.message : e.name
const log = (...all) => { if (++steps > 200) throw new RangeError('long'); trace.push(all.map(text).join(' ')); return all[0] }
const note = (x) => { log('note', x); return leaf }
const coerced = (x) => ({ valueOf() { log('valueOf', x); return x }, toString() { log('toString', x); return String(x) } })
const rest = (...all) => { let sum = 0; for (const x of all) sum += leaf(x); return sum }
const fib = (n) => n < 2 ? leaf(n) : fib(n - 1) + fib(n - 2)
function even(n, x) { return n === 0 ? leaf(x) : odd(n - 1, x) } function odd(n, x) { return n === 0 ? x : even(n - 1, x) }
function through(f) { try { return f.apply(obj, [leaf(1)]) } finally { log('through', leaf(2)) } }
function tag(strings, ...values) { return strings.raw.join('|') + leaf(values.length) + (this === obj) }
function walk(n, kind) {
  let i = 0
  const it = { next(x) { if (kind === 4 && i === 2) throw new Error('next'); return { done: i >= n, value: leaf(i++) } } }
  if (kind === 0) return (function* () { try { while (i < n) { const r = yield leaf(i++); if (r) log('got', r) } return leaf(8) } finally { log('left', leaf(i)) } })()
  if (kind === 1) it.return = (x) => { log('return', leaf(x)); return { done: true, value: x } }
  if (kind === 2) it.return = (x) => { log('return', x); if (leaf(i) > 1) throw new Error('return'); return {} }
  if (kind === 3) it.throw = (x) => { log('throw', leaf(told(x))); return { done: i > 1, value: leaf(9) } }
  return { [Symbol.iterator]: () => it }
}
class Base {
  #b = 1
  constructor(x) { this.x = leaf(x); this.target = new.target === Base }
  m(y) { return leaf(this.#b++) + y }
  get quick() { return this.x } set quick(v) { this.x = v }
  static of(...all) { return new this(...all) }
}
class Derived extends Base {
  d = leaf(this.x)
  constructor(...all) { log('derived', leaf(all.length)); super(...all); log(this.d, this.target) }
  m(y) { return super.m(leaf(y)) + 1 }
  get quick() { return [super.quick].join() } set quick(v) { super.quick = v }
}
const mixed = (Parent) => class extends Parent { mixed(x) { return leaf(x) + [this.x].join() } }
function Made(y) { this.y = leaf(y) }
const obj = { n: 1, v: 2, list: [], tag, Made, m(x) { return leaf(x) + (this === obj) }, get self() { return this }, get slow() { return leaf(this.v) }, set slow(x) { log('slow', leaf(x)); this.v = x } }
const none = null
${bodies.join('\n')}
for (const f of [all1, all2]) try { log('result', f(1, 2)) } catch (e) { steps = 0; log('threw', told(e)) }
for (const f of fs.slice(0, 12)) try { log(f()) } catch (e) { steps = 0; log('threw', told(e)) }
trace.push('outer', text(outer), text(obj.n))
return trace
}`
}
