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
  'accessors by way of super': `
    const log = [], note = (x) => (log.push(x), leaf(x))
    class A { #v = 1; get slow() { return note(this.#v) } set slow(v) { log.push('set'); this.#v = leaf(v) } get [leaf('computed')]() { return leaf('c') } get fast() { return 7 } static get slow() { return note(this.name) } set only(v) { this.got = leaf(v) } }
    class B extends A {
      get slow() { return super.slow + 10 } set slow(v) { super.slow = v * 2 } static get slow() { return super.slow + '!' } get arrow() { return [1, 2].map((x) => super.slow * x + leaf(0)) }
      m() { return [super.slow, super['slow'], super[leaf('slow')], super.fast, super.none, super.slow++, ++super.slow, super.slow += leaf(2), super.slow ??= leaf(9), super['computed'], super.slow?.toFixed?.(leaf(1)), (super.only = note(3)), this.got] }
      *g() { yield super.slow; super.slow = yield 5; yield super.slow } static s() { return super.slow }
      shadowed(B) { try { return super.fast + leaf(B) } catch (e) { return e.name } }
      constructor(x) { if (x) try { super.slow } catch (e) { log.push(e.name) } super(); this.first = super.slow; super.slow = leaf(4) }
    }
    class C extends B { get slow() { return super.slow + leaf(100) } fails() { try { super.arrow = 1 } catch (e) { return e.name } } }
    const b = new B(1), c = new C(), it = b.g()
    return [b.first, b.slow, b.arrow, b.m(), b.slow = 3, b.slow, B.slow, C.slow, B.s(), c.slow, c.fails(), it.next(), it.next(), it.next(leaf(6)), b.shadowed(1), log]`,
  'getters behind optional links, and of what is called': `
    const log = [], note = (x) => (log.push(x), leaf(x))
    const o = { z: 1, get slow() { log.push('slow'); return leaf(this.z) }, get f() { note('f'); return function (x) { return note(x) + this.z } }, get o() { leaf(1); return this }, get none() { return leaf(null) }, get map() { leaf(1); return [1, 2].map } }
    class P { get slow() { return note('p') } get #x() { return note('x') } get #f() { return leaf(() => note('called')) } static all(p) { return [p?.#x, p?.#x.length, p.o?.#x, p?.o?.#x] } o = this }
    const fs = [
      (q) => q?.slow, (q) => q?.slow.toFixed?.(note(1)), (q) => q?.o.slow, (q) => q?.o?.o?.slow, (q) => q.o?.slow + 1, (q) => q?.none?.slow, (q) => q?.none.slow, (q) => (q?.o)?.slow, (q) => (q?.o).slow,
      (q) => q.f(note(2)), (q) => q?.f(note(3)), (q) => q.o.f(4), (q) => q?.o?.f(note(5)), (q) => q.f?.(note(6)), (q) => q.none?.(note(7)), (q) => q?.f?.(note(3)), (q) => q?.o?.f?.(note(4)), (q) => q?.o.none?.(1), (q) => (q?.f)(note(5)), (q) => (q?.o?.f)?.(note(6)), (q) => q.none(note(8)), (q) => q.slow(note(9)), (q) => new q.f(1), (q) => q?.o.o.f(...note([1, 2])),
      (q) => ({ __proto__: q, length: 2, 0: 5, 1: 6 }).map((x) => note(x)), (q) => { let i = 0; while (q?.slow > i) i += q?.slow; return i }, (q) => q?.['slow'], (q) => q['f'](note(1)), (q) => delete q?.slow, (q) => q?.o.slow?.x,
      function* (q) { yield q?.slow; yield q?.f(note(1)) },
    ]
    const t = fs.flatMap((f) => [o, null, new P()].map((q) => { try { const r = f(q); return r?.next ? [...r] : r } catch (e) { return e.name } }))
    return [t.map((x) => typeof x === 'object' ? typeof x : x), P.all(new P()), log]`,
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
  using: `
    const log = []
    const own = (name, fails) => ({ name, [Symbol.dispose]() { log.push(leaf(this.name)); if (fails) throw new Error('d' + leaf(name)) } })
    const told = (e) => e.name === 'SuppressedError' ? [told(e.error), told(e.suppressed)] : e.name === 'Error' ? e.message : e.name
    const tries = (f) => { try { log.push(leaf(f())) } catch (e) { log.push(told(e)) } }
    const two = (fails) => { using a = leaf(own('a', fails)), none = null; leaf(1); using b = own('b', fails), c = undefined; return log.push('body') && a.name + b.name }
    function body(x) { 'use strict'; using a = own('in a body'); if (leaf(x)) return f(x); function f(y) { return leaf(y) + a.name } throw new Error('no') }
    const loop = () => { for (using x of [own('x1'), null, own('x2'), own('x3')]) { if (x === null) continue; log.push('round'); if (x.name === leaf('x2')) break } }
    const labelled = () => { outer: for (using x of leaf([own('o1'), own('o2')])) for (using y of [own('y'), x]) { log.push(y.name); continue outer } }
    const single = () => { for (using x of [own('s')]) log.push(x.name)
      if (leaf(1)) for (using z of [own('u')]) leaf(z); else for (using z of [null]); }
    const caught = () => { try { using a = own('c'); throw leaf('t') } catch (e) { using b = own('d'); log.push(e) } finally { using c = own('e'); leaf(1) } }
    const closures = () => { const fs = []; for (using x of [own(1), own(2)]) { using y = own(x.name * 10); fs.push(() => [leaf(x.name), y.name]) } return fs.map((f) => f()).join() }
    function* g() { using a = own('g' + leaf(1)); yield a.name; using b = own('h', true); yield b.name }
    class A { static { using s = own('static'); log.push(s.name) } static x = leaf(own('k')) }
    const hidden = () => { using a = own('outer'); { using a = own('inner'); leaf(a) } return a.name }
    for (const f of [() => two(false), () => two(true), () => body(1), () => body(0), loop, labelled, single, caught, closures, hidden]) tries(f)
    tries(() => [...g()]); tries(() => { for (const x of g()) break }); tries(() => { const it = g(); it.next(); return it.return(leaf(5)).value }); tries(() => { const it = g(); it.next(); it.next(); it.throw(new Error('thrown')) })
    for (const bad of [{}, 5, 'x', { [Symbol.dispose]: 5 }, { get [Symbol.dispose]() { throw new Error('got') } }]) tries(() => { using a = own('before'), b = bad })
    tries(() => { using a = own('tdz'); using b = leaf(c); using c = null })
    tries(() => { using a = own('fixed'); a = leaf(null) })
    tries(() => { for (using x of [x]); })
    tries(() => { using a = { get [Symbol.dispose]() { log.push('read'); return () => { log.push('called', leaf(this === undefined)) } } }; log.push('after') })
    tries(() => { { using a = own('z', true); throw new Error('1') } })
    return log`,
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
  'heads of loops': `
    const log = [], note = (x) => (log.push(x), leaf(x)), line = (...all) => ({ i: 0, next() { return leaf(all[this.i++] ?? null) } })
    const fs = [
      () => { const l = line(1, 2, 3); for (let x = l.next(); x !== null; x = l.next()) note(x) },
      () => { const l = line(1, 2, 3); a: for (let x = l.next(); x !== null; x = l.next()) { if (x === 2) continue a; for (const y of [1, 2]) { if (y === leaf(2)) continue a; note(x * 10 + y) } } },
      () => { let n = 0; for (n = note(2); n < leaf(9); n += note(3)) { if (n > 7) break; note(n) } return n },
      () => { for (var v = note(1), w; ; v = note(v + 1)) { let t = v; if (note(t) > 2) return [v, w] } },
      () => { for (let i = (note('b'), 0); i < 2; i++, note('u')) ; for (;; note('never')) { break } },
      () => { const gs = []; for (let i = note(0) + 1; i < 3; i = leaf(i) + 1) { const j = i; gs.push(() => j) } return gs.map((g) => g()) },
      () => { for (const o = note({ n: 3 }); o.n--; ) note(o.n) },
      () => { for (let i = note(5) /* x = y */ - (4); i < note(3); note('last'), ++i) { try { if (note(i) === 2) throw i } catch (e) { note('caught'); continue } finally { i += 0 } } },
      () => { let sum = 0; for (let i = 0; i < 2; i = note(i + 1)) for (let j = note(i); j < 2; j = note(j) + 1) sum += i * 10 + j; return sum },
      () => { if (leaf(1)) for (let x = note(3); x > 1; x -= leaf(1)) note('in'); else note('no') },
      () => { for (let at = { up: { up: null } }, n = 0; at; at = leaf(at).up) n++ },
      () => { let r = []; for (let x = note(1); x; x = x < 3 ? note(x + 1) : (r.push(leaf('end')), 0)) r.push(x); return r },
      () => { const o = { n: null, m: { k: 1 }, l: [0] }; o.n ??= note(1); o.m.k ||= note(2); o.m['k'] &&= note(3) + 1; leaf(o).n &&= note(4); o.l[0] ||= leaf(note(5)); return [o, o.n ??= note('never')] },
      () => { const o = { set s(v) { log.push('s'); this.v = leaf(v) + note(1) } }; o.s = note(4); return o.v },
    ]
    return [fs.map((f) => f()), log]`,
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
  'parameters that are moved to the body': `
    const log = [], note = (x) => (log.push(x), x), shared = { z: 3 }
    const idle = { *[Symbol.iterator]() { try { note('i'); yield 1; yield 2; yield 3 } finally { note('closed') } } }
    function a([x, , y = note('y')] = [1], ...[first, { z } = shared]) { return leaf([x, y, first, z]) }
    const b = (p, q = {}, r = note('r'), s = () => [p, r], t = (1, note('t')), u = class {}, { v = [], ...w } = q, [k] = 'k') => leaf([p, q, r, s(), s.name, t, u.name, v, w, k])
    const c = ({ length }, { [length + 'x']: d = length } = {}) => { for (let i = 0; i < 2; i++) leaf(d); return [length, d] }
    const o = { m([x] = [this.z], y = x + 1) { const g = () => x + y; return [leaf(g()), leaf(x)] }, z: 5 }
    function e(x, y = note('again'), z = x) { x = leaf(y); x += leaf(1); return [x, y, z] }
    const f = (x = this === undefined) => leaf(x), g = x => leaf(x), h = async (x = note('async')) => x
    function i([x, y] = idle) { leaf(x); leaf(y); return [x, y, log.length] }
    const j = (x = { a: 1,
      b: [2, note('j')] }, /* one ) */ y = ')' // two (
    ) =>
      leaf([x, y])
    h()
    const t = [a(), a([7, 8, undefined], 4, { z: 0 }), b(1), b(1, { v: 2, n: 3 }, 4, 5 && (() => []), 6), c('ab'), c('ab', { '2x': 9 }), o.m(), o.m([1]), o.m([1], 7), e(5), e(5, 6, 7), f(), g(1), i(), i([8, 9, 10]), j(), j(1, 2)]
    for (const bad of [() => a(null), () => a(5), () => c(), () => b(1, null), () => o.m.call(null), () => i({})]) try { bad(); t.push('none') } catch (error) { t.push(error.name) }
    return [t, a.length, b.length, c.length, o.m.length, e.length, j.length, log]`,
  'getters that are read by patterns': `
    const log = [], note = (x) => (log.push(x), leaf(x))
    class File { #n; name = 'f'; constructor(n) { this.#n = n } get size() { return note(this.#n) } get [Symbol.for('x')]() { return 'x' } static get count() { return note('count') } }
    class Own { constructor(n) { Object.defineProperty(this, 'size', { get() { return note(n) }, enumerable: true }); this.other = n; this[Symbol.for('s')] = 's' } }
    const plain = { size: 1, name: 'p' }, quick = { get size() { return 'quick' } }
    const a = (file) => { const { size, name = note('name'), none = note('none') } = file; leaf(0); return [size, name, none] }
    function b(file) { var { size: n } = file, { name } = file; let { size, ...rest } = file; return [n, name, size, rest, leaf(rest[Symbol.for('s')])] }
    function c({ size, ...rest }, { size: s = 3, other } = new Own(note('default')), ...t) { return [size, Object.keys(rest), s, other, leaf(t.length)] }
    const d = ({ size }) => size, e = ({ size } = plain) => leaf(size)
    function f(files) { let sum = ''; out: for (const { size, name: m = '-' } of files) { for (let { size } of [files[0]]) { if (sum.length > 40) break out; sum += size } sum += m + size } return sum }
    function g(file) { let size, o = {}, none; const same = ({ size, none = leaf('d'), name: o.name } = file) === file; return [same, size, none, o.name] }
    function* h(file) { const { size } = file; yield size; for (const { size } of [file]) yield size }
    const k = (files) => files.map(({ size }) => size)
    const l = () => { const { count } = File, { size = 5 } = {}, { ['size']: x } = plain, { 'size': y } = new File(6); return [count, size, x, y] }
    const fails = (f) => { try { return f() } catch (error) { return error.name } }
    const m = () => { try { const { size } = new (class { get size() { throw new RangeError(note('no')) } })(); return size } catch (error) { return [error.name, error.message] } finally { note('m') } }
    const file = new File(1)
    return [a(file), a(plain), a(quick), b(file), b({ size: 2, other: 3 }), c(file, undefined, file), c(plain, new Own(4), plain), d(file), e(file), e(), f([file, new File(2), plain]), g(file), [...h(file)], k([file, plain]), l(), m(), fails(() => a(null)), fails(() => d()), fails(() => f([undefined])), a('text').length, log]`,
  'optional chains in functions of their own': `
    const log = [], note = (x) => (log.push(x), leaf(x))
    const o = { z: 2, a: { z: 10, b(x) { return { c: note(x) + this.z, d: (y) => note(y), n: null } }, get g() { return note('g') } }, n: null, list: [1, 2, (x) => note(x + 1)], f: (x) => [x, note(x)] }
    class P { #p = 4; #m(x) { return note(x + this.#p) } static of(p, x) { return [p?.#p, p?.#m(x), p?.#m?.(leaf(x))] } }
    class Q { v() { return note('v') } } class R extends Q { w() { return [super.v?.(), super.none?.(note('x'))] } }
    const fs = [
      (q) => q?.a?.b(note(1)).c, (q) => q?.a.b(note(2))?.d?.(note(3)), (q) => q?.n?.b(note(4)).c.d.e(note(5)), (q) => q?.[note('a')]?.['b']?.(note(6))?.c,
      (q) => q?.list?.map?.((x) => note(x)), (q) => q?.list?.[note(2)]?.(note(7)), (q) => (q?.a)?.b(note(8)).c, (q) => (q?.a?.b)?.(note(9))?.c, (q) => q?.f(...note([1, 2]), note(3))?.[note(0)],
      (q) => leaf(q)?.a?.z + (q?.a?.b(1).c ?? note('none')) * 2, (q) => { let i = 0; const r = []; while (i++ < 2) r.push(q?.a?.b(note(i))?.c); return r }, (q) => { let t = q; return t?.f((t = null, note(1)), t) },
      (q) => [q?.a.g?.length, q?.a?.b?.length, (q?.list).length, !q?.list?.includes?.(note(2)), \`<\${q?.f?.(note(1))}>\`], (q) => { if (q?.a?.b(note(1))?.n) return 1; else return q?.a?.b(note(2)).n?.x(note(3)) },
      (q) => (q?.a).b?.(note(1)).c, (q) => q?.a.none?.(note(1)).x, function (q) { return this?.a?.b?.(note(this.z)).c + q?.none?.(1) }, (q) => q?.f?.call?.(null, note(5)), (q) => { q.tmp = q?.f?.(note(6)); q.tmp &&= q?.tmp?.[note(0)]; return q.tmp }, (q) => delete q?.tmp,
      (q) => new (q?.a?.b(1).d)(note(1)), (q) => q?.a?.b(1).d(note(q?.a?.b(2).c ?? 3)) ?? note('late'),
    ]
    const t = fs.flatMap((f) => [o, null, undefined].map((q) => { try { return f.call(o, q) } catch (e) { return e.name } }))
    return [t, P.of(new P(), 1), P.of(null, note(2)), new R().w(), log]`,
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
