import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { parks } from '../../src/green/runtime/compiled.ts'

const made = (text: string): unknown =>
  new Function('e', 's', 'r', `return ${text}`)(() => {}, { next: 0 }, { state: { next: 0 } })
const method = (text: string, name: string): unknown => (made(`({${text}})`) as Record<string, unknown>)[name]

// As the compiler writes them, and as minifiers and bundlers leave them.
for (const [how, value] of Object.entries({
  'a function': made('function f($p0,$p1=void 0,...$p2){return e(s.next,s.next=0,$p0)}'),
  'a strict function': made('function f(){"use strict";return e(s.next,s.next=0)}'),
  'an arrow': made('($p0)=>{return e(s.next,s.next=0)}'),
  'an arrow without braces': made('(a,b)=>e(s.next,s.next=0)'),
  'an arrow without anything': made('a=>e(s.next,s.next=0)'),
  'a function on several lines': made('function f(a) {\n  return (0, r.enter)(\n r.state.next,\n r.state.next = 0)\n}'),
  'a constructor': made('function C(){return s.made!==null?e():e(s.next,s.next=0,this)}'),
  'the direct way': made('function f(a){let d=s.next,$1,$2=3;s.next=0;return d}'),
  'one with defaults': made('function f(a=")",b=\'{\',c=`(`,d=-1){let $d=s.next,$p=0;s.next=0;return a}'),
  'one with patterns': made('function f({a,"b)":b=2,...c},{d}={},e){let $d=s.next,$p=0;s.next=0;return a}'),
  'one with comments': made(
    "function /* ( */ f(a /* it's (a) */, b // don't {\n) /* { */ {let $d=s.next;s.next=0;return '/*'}",
  ),
  'a method': method('m(a){return e(s.next,s.next=0)}', 'm'),
  'a method with a quoted name': method('"a (b) {"(a){return e(s.next,s.next=0)}', 'a (b) {'),
  'a method with a computed name': method('[["x","]"].join(`)`)](a){return e(s.next,s.next=0)}', 'x)]'),
  'a method with comments in its computed name': method(
    "[['m' // don't [\n /* [' */][0]](a){return e(s.next,s.next=0)}",
    'm',
  ),
}))
  test(`${how} is known to be compiled`, () => {
    assert.equal(parks(value), true)
  })

for (const [how, value] of Object.entries({
  'a function around a compiled one': made('function f(){const g=()=>e(s.next,s.next=0);return g}'),
  'an arrow around a compiled one': made('()=>()=>e(s.next,s.next=0)'),
  'an arrow that returns an object': made('()=>({m(){return e(s.next,s.next=0)}})'),
  'a function with a compiled default': made('function f(g=()=>e(s.next,s.next=0)){return g}'),
  'an arrow with a compiled default': made('(g=(a)=>{return e(s.next,s.next=0)})=>g'),
  'an arrow with a default that is a function': made('(g=function(){return e(s.next,s.next=0)})=>g'),
  'a function around a class': made('function f(){return class{constructor(){return e(s.next,s.next=0)}}}'),
  'a method whose computed name has one': method('[(()=>"k")((a)=>{return e(s.next,s.next=0)})](){}', 'k'),
  'a function with a compiled default in a pattern': made('function f({g=()=>e(s.next,s.next=0)}){return g}'),
  'a generator': made('function*g(){let k=e(),$1;s.next=k.depth;try{e()}catch{s.next=0}}'),
  'an async function': made('async a=>{try{await e()}catch{s.next=0}}'),
  'an iterator of its own': made('function f(it){return e(it.next,it.done)}'),
  'a builtin': Array.prototype.map,
  'no function': { toString: () => '()=>e(s.next,s.next=0)' },
}))
  test(`${how} is not taken for compiled`, () => {
    assert.equal(parks(value), false)
  })
