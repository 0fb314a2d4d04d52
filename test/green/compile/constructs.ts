/** Bodies of functions, one for each construct, with a call that parks (`leaf`) wherever one may stand. */
export const constructs: Record<string, string> = {
  'a call in any place of an expression': `
    const o = { p: 2, q: [1, 2, 3] }
    let x = leaf(1) + leaf(2) * -leaf(3)
    x += leaf(4); x ||= leaf(5); x = x > 1 ? leaf(6) : leaf(7)
    o[leaf('p')] = leaf(8); o.q[leaf(0)]++
    return [x, o, leaf(1) && leaf(0) || leaf(9), (leaf(1), leaf(2)), typeof leaf(1), \`a\${leaf(1)}b\${leaf(2)}\`, [leaf(1), , ...leaf([2])],
      { [leaf('k')]: leaf(1), ...leaf({ z: 1 }) }, leaf(null) ?? leaf(3), !leaf(1), void leaf(1), leaf('a') in { a: 1 }, leaf([]) instanceof Array]`,
  'arguments in order': `
    const log = []
    const note = (x) => { log.push(x); return leaf(x) }
    function f(...all) { return leaf(all) }
    const r = f(note(1), 2, ...[note(3), note(4)], note(5), 'x')
    let g = (x) => x + 1
    const swapped = g((g = (x) => x + 100, note(1)))
    return [r, swapped, log]`,
  'methods and their receivers': `
    let made = 0
    const make = () => { made++; return leaf({ v: 7, m(x) { return leaf(this.v + x) }, get g() { return 1 } }) }
    const o = make()
    return [make().m(leaf(1)), o.m(2), o['m'](3), o[leaf('m')](4), (o.m)(5), o.m(6).toFixed(leaf(1)), made]`,
  'patterns that are assigned to, with calls in them': `
    let a, b, c; const o = {}
    const given = ([a, b = leaf(2)] = leaf([1])), box = ([o[leaf('p')]] = [leaf(3)])
    return [given, a, b, box, o, ([c = leaf(4), o[leaf('q')] = leaf(5)] = leaf([])).length, c, o]`,
  'classes without a name, wherever they stand': `
    class A { constructor(x) { this.x = leaf(x) } }
    const mixed = (Parent) => class extends Parent { y = leaf(this.x) }
    const all = [new (mixed(A))(1), new (mixed(mixed(A)))(2)]
    switch (leaf(1)) { case 1: all.push(new (class extends A { constructor(x) { super(leaf(x) + 1) } })(3)) }
    for (const C of [class extends A { y = leaf(5) }]) all.push(new C(4))
    for (let i = 0, C = class extends A { y = leaf(i) }; i < 2; i++) all.push(new C(i))
    const f = (C = class extends A { y = leaf(6) }) => new C(leaf(7)), made = []
    while (made.length < 3) made.push(class extends [A, Array, Object][made.length] { z = leaf(1) })
    return [all, f(), made.map((C) => new C(leaf(2))), Object.getOwnPropertyNames(mixed(A))]`,
  'arrays from what is iterated, in order': `
    const log = [], note = (x) => { log.push(x); return leaf(x) }
    function* g() { try { for (let i = 0; i < 3; i++) yield note(i) } finally { note('over') } }
    const it = () => ({ [Symbol.iterator]: () => { let i = 0; return { next: () => ({ done: note(i) > 1, value: i++ }), return() { note('closed'); return {} } } } })
    const plain = (x) => { log.push('-' + x); return x }
    for (const from of [g, it, () => new Set([4, 5]), () => [6], () => ({ length: 1 })])
      log.push(Array.from(from()), Array.from(from(), plain), Array.from(from(), (x, i) => note('+' + x) + i))
    for (const from of [g, it]) try { Array.from(from(), (x) => { if (leaf(x)) throw new Error('t') }) } catch (e) { log.push(e.message) }
    for (const bad of [null, 1, {}]) try { Array.from(g(), bad) } catch (e) { log.push(e.name) }
    return log`,
  'comments in places where a comma may be': `
    const f = (a, [b = leaf(1)] = [] /* , */) => ({ ...a, b }), g = function (a = leaf(2) /* ) , */ , /* , */) { return [a, arguments.length] }
    return [f({ a: 1 }, [2]), f({ c: 1 }), g(), g(1), f.length, g.length]`,
  'defaults in parentheses': `
    const f = (a = (1), { b } = ({}), c = ('(')) => [leaf(a), b, c], o = { m({ a } = (2), b = -(1)) { return [leaf(a), b] } }
    return [f(), f(2, { b: 3 }, 4), o.m(), o.m({ a: 1 })]`,
  'loops over a list with calls in it': `
    const o = {}, f = (x) => { for (const k of [leaf(1), x]) { o.x = k } for (o.y of [leaf(2), leaf(x)]); let sum = 0; for (const k of [leaf(3), x]) sum += k; return sum }
    return [f(5), o]`,
  'classes with fields of their own as defaults': `
    const f = (C = class { static a = leaf(1); static { this.b = leaf(2) } }, d = C.a) => [C.a, C.b, leaf(d)]
    function g(C = class { static n = 3; x = leaf(4) }) { return [C.n, new C().x] }
    return [f(), f({ a: 5 }), g()]`,
  'optional chains': `
    const o = { a: { z: 10, b(x) { return { c: leaf(x) + this.z, d: (y) => leaf(y) } }, t(s, v) { return leaf(v) + this.z } }, n: null }
    return [o?.a?.b(1).c, o.n?.b(leaf(1)).c, o.a.b?.(leaf(2))?.c, o.q?.(1), o?.['a']?.['b']?.(3).c, o.a?.b(1)?.d?.(5), o.x?.y.z(leaf(1)), o.a.b?.(1).d(6), (o.a.b)?.(2).c, (o?.a)?.b(3).c,
      (o?.a.b)(1).c, (o?.a?.b)?.(leaf(2))?.c, (o.n?.b)?.(leaf(1)), (o?.a?.b(4)).d(5), (o?.a.t)\`x\${leaf(1)}\`, ((o?.a)?.b)(leaf(6))?.d(7)]`,
  closures: `
    const fs = []
    for (let i = 0; i < 3; i++) { fs.push(() => leaf(i) + (() => leaf(i * 10))()); leaf(0) }
    for (const k of ['a', 'b']) fs.push(() => leaf(k))
    for (var v = 0; v < 2; v++) fs.push(() => leaf(v))
    { let t = 1; fs.push(() => { t += leaf(1); return t }) }
    return [fs.map((f) => f()), fs.map((f) => f())]`,
  'labels, break and continue': `
    const out = []
    outer: for (let i = 0; i < 4; i++) {
      for (const j of [0, 1, 2]) {
        if (leaf(j) === 2) continue outer
        if (i === leaf(3)) break outer
        out.push([i, j])
      }
    }
    block: { if (leaf(1)) break block; out.push('no') }
    let n = 0
    do { n++; if (leaf(n) === 2) continue } while (leaf(n) < 4)
    while (leaf(true)) { if (++n > 6) break }
    switch (leaf(2)) { case leaf(1): out.push('one'); case leaf(2): out.push('two'); case 3: out.push('three'); break; default: out.push('d') }
    for (const k in leaf({ a: 1, b: 2 })) out.push(k + leaf(1))
    return [out, n]`,
  'try, catch and finally': `
    const out = []
    const fails = (x) => { leaf(x); throw new Error('e' + x) }
    const f = () => { try { return leaf('a') } finally { out.push(leaf('f')) } }
    const g = () => { try { fails(1) } catch ({ message }) { return leaf(message) } finally { out.push(leaf('g')) } }
    const h = () => { for (;;) { try { leaf(1); continue } finally { break } } return leaf('h') }
    const i = () => { try { try { fails(2) } finally { leaf(1); fails(3) } } catch (e) { return e.message } }
    const j = () => { try { return leaf(1) } finally { return leaf(2) } }
    return [f(), g(), h(), i(), j(), out]`,
  classes: `
    class A { f = 1; #p = 2; static s = 3; constructor(x, y = 4) { this.x = leaf(x) + y } m() { return leaf(this.#p) + this.x } static t() { return leaf(this.s) } #q() { return leaf(5) } r() { return this.#q() } *g() { yield leaf(1); yield this.m() } get v() { return this.f } set v(z) { this.f = z } }
    const a = new A(leaf(1)); a.v = leaf(8)
    const B = class { constructor() { return leaf({ other: 1 }) } }
    function C(x) { this.y = leaf(x) } C.prototype.n = function () { return leaf(this.y) }
    return [a.m(), A.t(), a.r(), [...a.g()], a.v, new B().other, new C(3).n(), new (leaf(C))(4).y, a instanceof A, Object.keys(a), A.length, A.name, B.name, C.length]`,
  'derived classes': `
    const log = []
    class A { f = log.push('A.f'); constructor(x) { log.push('A'); this.x = leaf(x); log.push('A.') } m() { return leaf('m' + this.x) } static s() { return leaf('s') } }
    class B extends A { g = log.push('B.g'); #h = 4; constructor(y) { leaf(1); super(leaf(y) + 1); this.y = leaf(y); log.push('B.') } m() { return super.m() + this.#h } static s() { return super.s() + 1 } n() { return (() => super.m() + leaf(1))() } }
    class C extends B { k = this.y }
    class D extends C { constructor(...all) { super(...all); return leaf(undefined) } }
    class E extends A { constructor() { try { leaf(this) } catch (e) { log.push(e.name) } super(1); leaf(1) } }
    class F extends null { constructor() { return leaf({ f: 1 }) } }
    class G extends Array { constructor() { super(); this.push(leaf(1)) } }
    const d = new D(5)
    new E()
    return [d.f > 0, d.x, d.y, d.k, d.m(), d.n(), B.s(), d instanceof A, Object.keys(d), d.constructor.name, new F().f, new G(), new G().length, log]`,
  generators: `
    function* g(n) { try { for (let i = 0; i < n; i++) { const r = yield leaf(i); if (r) leaf(r) } return leaf(9) } finally { leaf(1) } }
    function* h() { const r = yield* g(3); yield r; yield* [leaf(1), 2]; try { yield leaf(5) } catch (e) { yield leaf(e) } }
    const it = g(2), all = [...h()], th = h()
    const o = { *m() { yield leaf(this.z) }, z: 3, [Symbol.iterator]: function* () { yield* leaf('ab') } }
    const seen = []
    for (const x of h()) { seen.push(x); if (x === leaf(1)) break }
    const [p, q = leaf(7), ...r] = h()
    while (th.next().value !== 5);
    const made = Array.from(g(2), (x) => leaf(x) * 2)
    return [it.next(), it.next(5), it.return(4), it.next(), all, seen, p, q, r, th.throw('t'), th.next(), [...o.m()], [...o], Math.max(...g(3)), made]`,
  'callbacks of builtins': `
    const t = [], slow = (x, y) => leaf(x) - leaf(y)
    t.push([1, , 3].map((x, i) => leaf(x) * 2 + i), [1, 2, 3].filter((x) => leaf(x) > 1), [3, 1, 2, , undefined].sort(slow), [1, 2, 3].reduce((a, b) => a + leaf(b)), [1, 2, 3].reduceRight((a, b) => a + leaf(b), ''))
    t.push([[1], [2]].flatMap((x) => [leaf(x[0]), 9]), 'a1b2'.replace(/\\d/g, (d) => leaf(+d) * 2), 'aXbX'.replaceAll('X', (d, at) => leaf(at)), Array.from({ length: 2 }, (_, i) => leaf(i)), Array.from(new Set([4, 5]), (x) => leaf(x)))
    new Map([[1, 2]]).forEach((v, k) => t.push(leaf(v), leaf(k)))
    new Set([6]).forEach((v) => t.push(leaf(v)))
    function f(a, b) { return [this?.x, leaf(a), leaf(b), arguments.length].join() }
    t.push(f.call({ x: 1 }, 1, 2), f.apply({ x: 2 }, [1, 2, 3]), Reflect.apply(f, { x: 3 }, [1, 2]), [1, 2].some((x) => leaf(x) === 2), [1, 2].every((x) => leaf(x) === 2), [1, 2, 3].find((x) => leaf(x) === 2), [1, 2, 3].findLastIndex((x) => leaf(x) === 2), [5, 6].findIndex((x) => leaf(x) === 6))
    class A { constructor(x) { this.x = leaf(x) } m(y) { return leaf(this.x) + y } }
    t.push(Reflect.construct(A, [5]).x, new A(3).m.bind(new A(7), 1)(), (function () { return leaf(arguments[0]) }).bind(null, 4)())
    return t`,
  getters: `
    class A { constructor(x) { this.x = x } get slow() { return leaf(this.x) + 1 } static get slow() { return leaf('s') } get fast() { return 2 } set fast(v) { this.x = v } }
    class B extends A { get slow() { return super.fast + leaf(3) } }
    const o = { get slow() { return leaf(this) === this }, other: { slow: 5 } }
    const f = (a) => a.slow
    const { [new A(5).slow]: taken = leaf(3), ...others } = { 6: 1, [new A(6).slow]: 2 }
    return [taken, others, new A(1).slow, A.slow, new B(1).slow, o.slow, o.other.slow, f(new A(4)), f(o), [new A(7)].map((a) => a.slow + a.fast), new A(1).slow.toFixed(leaf(1)), typeof new A(2).slow, { slow: new A(3).slow }]`,
  'callbacks of typed arrays': `
    const t = [], a = new Int16Array([5, 1, 4]), b = new BigInt64Array([3n, 1n])
    class Own extends Float64Array {}
    const own = Own.from([1.5, 2.5], (x) => leaf(x) * 2)
    t.push(a.map((x, i, all) => leaf(x) * 70000 + i + all.length), a.filter((x) => leaf(x) > 3), a.some((x) => leaf(x) === 4), a.every((x) => leaf(x) > 1), a.find((x) => leaf(x) < 5), a.findIndex((x) => leaf(x) === 4), a.findLast((x) => leaf(x) > 3), a.findLastIndex((x) => leaf(x) > 9))
    a.forEach(function (x) { t.push(leaf(x) + this.y) }, { y: 1 })
    t.push(a.reduce((x, y) => leaf(x) - y), a.reduceRight((x, y) => leaf(x) - y, 100), [...b.map((x) => leaf(x) + 1n)].join())
    t.push(Int8Array.from({ length: 2, 0: 300, 1: 2 }, (x, i) => leaf(x) + i), Uint8ClampedArray.from(new Set([1, 300]), (x) => leaf(x)))
    t.push(own.map((x) => leaf(x) + 1) instanceof Own, own.filter((x) => leaf(x) > 3) instanceof Own, [...own])
    t.push(a.sort((x, y) => leaf(x) - y) === a, [...a], [...new Uint8Array([3, 9, 5]).sort((x, y) => leaf(y) - x)])
    if (a.toSorted) t.push(a.toSorted((x, y) => leaf(y) - leaf(x)), a)
    try { new Int8Array([1]).map(leaf(1)) } catch (e) { t.push(e.name) }
    try { a.map.call([1], () => leaf(1)) } catch (e) { t.push(e.name) }
    return t`,
  'helpers of iterators': `
    if (typeof Iterator === 'undefined') return 'none here'
    const log = [], t = []
    function* g(n) { try { for (let i = 1; i <= n; i++) yield leaf(i) } finally { log.push('over' + leaf(n)) } }
    const plain = () => ({ __proto__: Iterator.prototype, i: 0, next() { return { value: this.i, done: this.i++ > 3 } }, return() { log.push('closed'); return {} } })
    t.push([...g(3).map((x, i) => leaf(x) * 10 + i)], g(5).filter((x) => leaf(x) % 2).toArray(), [...g(2).flatMap((x) => [x, leaf(x)])], [...g(2).flatMap((x) => g(x))], g(9).take(2).toArray(), g(4).drop(2).toArray())
    t.push(plain().map((x) => leaf(x)).toArray(), [...plain().filter((x) => leaf(x))], plain().take(2).map((x) => leaf(x) + 1).drop(1).toArray(), g(3).some((x) => leaf(x) === 2), g(3).every((x) => leaf(x) < 2), g(3).find((x) => leaf(x) > 1), plain().find((x) => leaf(x) > 9), g(3).reduce((a, b) => a + leaf(b)), g(3).reduce((a, b) => a + leaf(b), 'x'), plain().reduce((a, b) => leaf(a) + b))
    g(2).forEach((x, i) => log.push(leaf(x) + i))
    for (const x of g(9).map((x) => leaf(x))) if (x === 2) break
    const fails = (x) => { if (leaf(x) === 2) throw new Error('e' + x) }
    for (const f of [() => g(3).map(fails).toArray(), () => g(3).filter(fails).next() && g(3).filter(fails).toArray(), () => g(3).forEach(fails), () => [...g(3).flatMap((x) => leaf('ab'))], () => plain().reduce(fails), () => g(0).reduce((a) => leaf(a)), () => g(1).map(1), () => g(1).take(-1), () => plain().map(fails).toArray()])
      try { t.push(f()) } catch (e) { t.push(e.name + (e.name === 'Error' ? e.message : '')) }
    const h = g(5).map((x) => leaf(x)), early = plain().map((x) => leaf(x))
    t.push(h.next(), h.return(), h.next(), h.return(), early.return(), early.next(), h instanceof Iterator, Object.prototype.toString.call(h))
    const loose = { next: () => ({ value: leaf(7), done: leaf(false) }), return: () => (log.push('loose'), {}) }
    t.push(Iterator.from(loose).take(2).toArray(), Iterator.from(g(2)).toArray(), Iterator.from('ab').map((x) => leaf(x)).toArray())
    return [t, log]`,
  'fields that park': `
    const log = [], note = (x) => (log.push(x), leaf(x))
    class A {
      a = note('a'); #b = note('b')
      c = this.a + note(this.#b)
      d
      'e f' = note(leaf('e')) ; 7 = (note(1), note(2))
      fn = () => leaf(this.a); anon = function () {}; cls = class {}; #priv = () => {}; named = class Named {}
      #m() { return leaf('m') } viaMethod = this.#m()
      constructor(x = this.c, { y = leaf(this.a) } = {}) { this.x = x; this.y = y; log.push('body') }
      names() { return [this.fn(), this.anon.name, this.cls.name, this.#priv.name, this.named.name] }
    }
    class B extends A { z = note('z' + this.x); static w = 1; #q = leaf(this.z); q() { return this.#q } }
    class C extends B { #r = note('r'); constructor() { note('before'); super(leaf(1)); this.s = note(this.#r) } }
    class D extends Array { k = leaf(1) }
    class E { f = leaf(1) }
    class F extends E { f = super.toString === leaf(Object.prototype.toString) }
    class G extends class { constructor() { return log } } { #g = leaf('g'); static of(o) { return leaf(o.#g) } }
    const anonymous = new (class { v = leaf(3) })()
    const H = class { [leaf('key')] = 5; i = 1 }
    const a = new A(), c = new C(), d = new D(1, 2)
    new G()
    let failed
    try { new (class extends E { bad = leaf(null).x })() } catch (e) { failed = e.name }
    return [Object.keys(a), a.names(), a.c, a['e f'], a[7], a.d, a.x, a.y, Object.keys(c), c.q(), c.s, new F().f, new E().f, [...d], d.k, G.of(log), anonymous.v, new H().key, E.name, E.length, A.length, failed, a.viaMethod, log, Object.getOwnPropertyNames(A.prototype)]`,
  'static fields and blocks that park': `
    const log = [], note = (x) => (log.push(x), leaf(x))
    class A {
      static a = note('a'); static #b = note('b'); x = 1
      static { var v = note(this.#b); this.v = v; try { note('t'); null.x } catch (e) { log.push(leaf(e.name)) } finally { note('f') } }
      static c = this.a + A.v
      static m() { return leaf(A.#b) } static n = this.m(); static anon = () => {}
      static { for (const k of [1, 2]) { if (leaf(k) === 2) break; log.push(k) } class Inner { static i = note('i') } this.Inner = Inner }
    }
    const B = class { static n = note(this.name) }
    const C = class Own { static self = leaf(Own) === this }
    class D extends A { static a = super.m() + leaf(1); y = leaf(2) }
    const list = [class { static q = leaf(this.name) }, class { static { this.r = leaf(1) } }], o = { K: class { static k = leaf(this.name) } }
    const make = (x) => class { static made = leaf(x); static get() { return leaf(this.made) } }
    let E; E = class { static e = leaf(this.name) }
    function* g() { class Y { static y = leaf(1) } yield Y.y; yield leaf(2) }
    let failed
    try { class Z { static z = leaf(null).x } } catch (e) { failed = e.name }
    return [A.c, A.n, A.anon.name, A.Inner.i, B.n, C.self, D.a, new D().y, list[0].q, list[1].r, o.K.k, make(1).get(), make(2).get(), E.e, [...g()], failed, log, Object.getOwnPropertyNames(A)]`,
  setters: `
    const log = []
    class A {
      #v = 1; #w = 2
      constructor(x) { this.slow = x; this.#hidden = x }
      get slow() { return leaf(this.#v) } set slow(v) { log.push(leaf(v)); this.#v = v }
      static set slow(v) { log.push('static', leaf(v)) }
      set only(v) { this.got = leaf(v) }
      get [leaf('computed')]() { return leaf('c' + this.#v) } set [leaf('computed')](v) { log.push('computed', leaf(v)) }
      get ['literal']() { return leaf('l') } set 'quoted name'(v) { log.push('quoted', leaf(v)) }
      get #hidden() { return leaf(this.#w) } set #hidden(v) { this.#w = leaf(v) }
      static get #shared() { return leaf('shared') }
      hidden() { return [this.#hidden, this.#hidden++, ++this.#hidden, this.#hidden += 10, this.#hidden ||= leaf(0), this.#hidden = 3, this.#hidden, A.#shared] }
    }
    class B extends A { set only(v) { super.got = leaf(v) + 1 } }
    const a = new A(5), b = new B(6), k = { key: 'slow', toString() { log.push('key'); return this.key } }
    const o = { x: 1, n: null, get slow() { return leaf(this.x) }, set slow(v) { this.x = leaf(v) * 2 } }
    const t = [a.slow = 7, a.slow, a.slow += leaf(2), a.slow++, ++a.slow, a.slow--, a.slow, a.slow &&= 4, a.slow ||= leaf(9), a.slow ??= leaf(8), a['slow'] = leaf(3)]
    t.push(a.only = leaf(4), a.got, b.only = 5, b.got, a['computed'], a[k], a[k] = 12, a['computed'] = 1, a.literal, a['quoted name'] = 2, a[leaf('slow')]++, a.hidden())
    A.slow = 1; o.slow = leaf(4); o.slow += 1; b.slow
    o.n = function () {}; o.slow = () => {}
    t.push(o.slow, o.x, isNaN(o.x), o.n.name, (o.slow = 3).toFixed(leaf(1)))
    try { null.slow = leaf(1) } catch (e) { t.push(e.name) }
    const frozen = Object.freeze({ slow: 1 })
    try { frozen.slow = 2; t.push('silent') } catch (e) { t.push(e.name) }
    try { (() => { 'use strict'; frozen.slow = 2 })() } catch (e) { t.push(e.name) }
    function* g() { o.slow = yield o.slow; yield o.slow }
    const it = g(); it.next()
    return [t, log, it.next(7)]`,
  parameters: `
    function f(a, b = a + 1, { c = 3, d: [e] = [4] } = {}, ...rest) { return [leaf(a), b, c, e, rest, arguments.length] }
    const g = (x, y = () => x) => { x = leaf(2); return [x, y()] }
    function h(a) { arguments[0] = leaf(5); return [a, arguments.length] }
    function s(a) { 'use strict'; arguments[0] = leaf(5); return [a, this] }
    return [f(1), f(1, 2, { c: 5, d: [6] }, 7, 8), g(1), h(1), s(1), f.length, g.length, h.length, f.name, g.name, ((a, b = 1, c) => leaf(1)).length]`,
  'defaults that park': `
    function f(a = leaf(1), { b = leaf(2), [leaf('c')]: c = 3 } = leaf({}), [d = leaf(4), ...e] = leaf([]), ...g) { var a2 = a; return [a, b, c, d, e, g, a2, arguments.length] }
    const h = (x = leaf(1), y = x + leaf(1)) => [x, y]
    class A { constructor(x = leaf(5)) { this.x = x } m(y = this.x + leaf(1)) { return y } }
    return [f(), f(9), f(1, { b: 1 }, [2, 3, 4], 5), h(), h(3), new A().m(), new A(1).x, f.length, h.length]`,
  'this, arguments and new.target of arrows': `
    function f() { const g = () => () => [this.z, arguments[0], new.target === undefined, leaf(1)]; return g()() }
    function N() { this.t = (() => [leaf(1), new.target === N])() }
    return [f.call({ z: 1 }, 2), new N().t]`,
  'tagged templates': `
    const o = { t(s, ...v) { return [s.raw.join('|'), v, this === o, leaf(1)] } }
    const tag = (s, ...v) => { seen.add(s); return leaf(v) }
    const seen = new Set()
    const again = () => tag\`x\${leaf(1)}y\`
    again(); again()
    return [o.t\`a\${leaf(1)}b\${leaf(2)}\\n\`, tag\`\`, seen.size]`,
  recursion: `
    const fib = function fib(n) { return n < 2 ? leaf(n) : fib(n - 1) + fib(n - 2) }
    const fact = (n) => n === 0 ? leaf(1) : n * fact(n - 1)
    function even(n) { return n === 0 ? leaf(true) : odd(n - 1) } function odd(n) { return n === 0 ? leaf(false) : even(n - 1) }
    return [fib(7), fact(6), even(5)]`,
  destructuring: `
    let a, b, rest
    ;[a, b = leaf(2)] = leaf([1])
    ;({ a, ...rest } = leaf({ a: 3, c: 4 }))
    const { [leaf('k')]: k, n: { m = leaf(5) } } = { k: leaf(1), n: {} }
    const box = {}; [box[leaf('p')]] = [leaf(6)]
    for (const { x, y = leaf(3) } of [{ x: 1 }, { x: 2, y: 5 }]) b += x + y
    for ([a] of [[1], [2]]) b += leaf(a)
    for (box.z of [1, leaf(2)]) leaf(box.z)
    return [a, b, rest, k, m, box]`,
  'generators that are left while they delegate': `
    const log = []
    function* inner() { try { yield 1; yield 2 } finally { log.push(leaf('inner')) } }
    function* outer(x) { try { log.push(yield* x) } finally { log.push(leaf('outer')) } }
    const closes = (n) => { let i = 0; return { [Symbol.iterator]() { return this }, next() { return { done: i >= n, value: leaf(i++) } }, return(x) { log.push(leaf('closed')); return { done: true, value: x } } } }
    const made = { [Symbol.iterator]() { return { next: closes(2).next } } }
    for (const x of [inner, () => closes(3), () => [1, 2], () => made]) {
      const left = outer(x()), thrown = outer(x())
      left.next(), thrown.next()
      log.push(left.return(leaf(5)).done)
      try { log.push(thrown.throw(5).value) } catch (e) { log.push(typeof e) }
      log.push([...outer(x())].join())
      for (const y of outer(x())) break
    }
    return log`,
  'a loop over what has the name of its variable': `
    const x = [1], names = []
    const f = () => { for (const x of leaf([1, x])) leaf(x) }
    const g = () => { for (let { x } of [leaf(() => x)]) return 1 }
    for (const h of [f, g, () => { for (const y of leaf([() => y])) return y() }]) try { names.push(leaf(typeof h())) } catch (e) { names.push(e.name) }
    return [names, x]`,
  'strings in patterns': `
    const f = () => { let { a = 'x  //  y', "b /* */  c": b = "\\"//\\'  ", /* gone // */ 'd\t  e': d = '' } = leaf({}), c; ({ a: c = ' /*  ' } = leaf({})); return [leaf(a), b, c, d] }
    return f()`,
  'variables that others hide': `
    const f = (x) => { let y = 1; { const x = leaf(2); leaf(x); y += leaf(x) } return [leaf(3), x, y] }
    const g = (x) => { var c = 1; try { throw leaf(2) } catch (c) { leaf(c); x = leaf(c) } return [leaf(3), c, x] }
    const h = (x, i) => { for (let i = 0; i < leaf(2); i++) leaf(i); for (const x of [4, 5]) leaf(x); return [leaf(3), x, i] }
    const i = (x) => { if (leaf(x)) { let x = leaf(4); { let x = leaf(5); leaf(x) } leaf(x) } return [leaf(3), x] }
    return [f(1), g(1), h(1, 9), i(1)]`,
  'parameters that are patterns': `
    const log = []
    const f = ({ a, 'b c': b = 'x)', d: { e = 1, ...g } = {}, ...h }, { i } = {}, j = 2, ...k) => { a = leaf(a); for (let n = 0; n < 2; n++) a += leaf(n); return [leaf(a), b, e, g, h, i, j, k] }
    const o = { m({ a }, x) { const g = () => a + x; return leaf(g()) + leaf(a) }, ['n']({ a }) { var a = leaf(a); return leaf(a) } }
    for (const bad of [undefined, null]) try { log.push(f(bad)) } catch (e) { log.push(e.name) }
    const get = { get a() { log.push('a'); return 5 }, get z() { log.push('z') } }
    return [f({ a: 1, y: 8 }), f({ a: 1, 'b c': 5, d: { e: 6, u: 7 } }, { i: 9 }, 3, 1, 2), f(get), o.m({ a: 1 }, 2), o.n({ a: 3 }), f.length, log]`,
  'patterns without names': `
    const log = []
    const note = (x) => { log.push(x); return leaf(x) }
    const f = (list) => { let {} = note({}); const [] = note([]); for (let {} of note([1])) leaf(2); for (const [] of list) note(3); let [] = [], {} = {}; return note(4) }
    const fails = (list) => { for (let {} of list) leaf(1); leaf(2) }
    try { fails([undefined]) } catch (e) { log.push(e.name) }
    return [f([[], []]), log]`,
  'computed keys of super': `
    const o = { __proto__: { m(x) { return leaf(x) + this.z }, k: 1 }, z: 2, f() { return [super[leaf('k')], super[leaf('m')](leaf(3)), super['m'](4), leaf(super['k'])] } }
    return o.f()`,
  'iteration that is left': `
    const log = []
    const it = (n) => ({ [Symbol.iterator]() { let i = 0; return { next: () => ({ done: leaf(i) >= n, value: i++ }), return() { log.push('closed' + leaf(i)); return {} } } } })
    for (const x of it(5)) if (x === 1) break
    try { for (const x of it(5)) throw new Error('t') } catch (e) { log.push(e.message) }
    const f = () => { for (const x of it(5)) return leaf(x) }
    o: for (const x of it(2)) for (const y of it(2)) { if (leaf(y)) continue o }
    return [log, f(), [...it(3)]]`,
  'errors that are named as ever': `
    const names = []
    for (const f of [() => leaf({}).m(), () => leaf(undefined).m(), () => leaf(3)(), () => nope(leaf(1)), () => { const o = {}; o.m(leaf(1)) }, () => new (leaf(1))(), () => { for (const x of leaf(3)); }, () => Math.max(...leaf(3)), () => new (class A { constructor() { leaf(1); null.x } })()])
      try { f(); names.push('none') } catch (e) { names.push(e.name) }
    return names`,
  'direct eval': `
    var x = 1
    const f = (y) => { leaf(y); return x }
    function g(z) { const w = leaf(z); return eval('z + w + arguments.length') }
    return [f(1), g(2)]`,
  'functions in blocks': `
    { function f() { return leaf(1) } }
    if (true) { function g() { return leaf(2) } }
    label: for (;;) { function h() { return leaf(3) } break label }
    return [f(), g(), h()]`,
}
