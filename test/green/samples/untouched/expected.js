import{PARK as $P,call as $call,leave as $leave,notCallable as $not,resumedValue as $v,state as $S}from"fibril/green/runtime";const square = (x) => x * x
function area(a, b) { return Math.max(square(a), Number(b)) }
// @fibril never-parks
export function quiet(f) { return f() }
/* @fibril parks */ export function loud() {$S.next=0;}
export const calls = (list) =>{let $s=$S,$d=$s.next,$p=0,$r=null,$w,$q,$x,$1,$2,$3;$s.next=0;if($d>0)$d++;else if($d<0){$r=$s.machine.registers.resuming,$d=$r.depth,$p=$r.place,$w=$r.value,$q=$r.saved,list=$q[0]}if(($p?$p===1&&($p=0,$2=$v($w),!1):($2=list.size,$2=$call($2,list,($3=area(1, 2),$s.callees[$d]=typeof $2=="function"?$2:$not("list.size"),$s.next=$d,$3)),$s.machine.registers.op!==null&&($r===null?$leave($d,1,[list]):($r.place=1),!0))))return $P;return($2)}
function odd(n) { return n === 0 ? false : even(n - 1) }
function even(n) { return n === 0 ? true : odd(n - 1) }
const text = [1, 2].join() + 'a'.trim()

// 1: square untouched
// 2: area untouched
// 4: quiet untouched
// 5: loud B, a comment
// 6: calls B, .size(…)
// 7: odd untouched
// 8: even untouched
