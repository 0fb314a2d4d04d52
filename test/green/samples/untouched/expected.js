import{call as $call,callees as $c,enter as $enter,machine as $m,notCallable as $not,resumedValue as $v,state as $s}from"fibril/green/runtime";var $g$2;const square = (x) => x * x
function area(a, b) { return Math.max(square(a), Number(b)) }
// @fibril never-parks
export function quiet(f) { return f() }
/* @fibril parks */ export function loud(){return $enter($s.next,$s.next=0,loud$1(),new.target&&this)} function*loud$1() {let $d=$s.depth;}
export const calls = ($p0)=>{return $enter($s.next,$s.next=0,($g$2??=function*(list) {let $d=$s.depth,$1,$2,$3;return( ($2=list.size,$2=$call($2,list,($3=area(1, 2),$c[$d]=typeof $2=="function"?$2:$not("list.size"),$s.next=$d,$3)),$m.registers.op?$v(yield):$2))})($p0),void 0)}
function odd(n) { return n === 0 ? false : even(n - 1) }
function even(n) { return n === 0 ? true : odd(n - 1) }
const text = [1, 2].join() + 'a'.trim()

// 1: square untouched
// 2: area untouched
// 4: quiet untouched
// 5: loud A, a comment
// 6: calls A, .size(…)
// 7: odd untouched
// 8: even untouched
