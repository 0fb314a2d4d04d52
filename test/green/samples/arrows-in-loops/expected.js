import{callAsync as $callAsync,callees as $c,detach as $detach,enter as $enter,machine as $m,resumedValue as $v,state as $s}from"fibril/green/runtime";var $g$1,$g$3;import { sleep } from 'fibril/green'
const whole = ($p0)=>{return $enter($s.next,$s.next=0,($g$1??=function*(x) {let $d=$s.depth,$1;return( ($c[$d]=sleep,$s.next=$d,$1=sleep(x),$m.registers.op?$v(yield):$1))})($p0),void 0)}
for (let i = 0; i < 3; i++) {let $g$2;
  const each = ()=>{return $enter($s.next,$s.next=0,($g$2??=function*() {let $d=$s.depth,$1;return( ($c[$d]=sleep,$s.next=$d,$1=sleep(i),$m.registers.op?$v(yield):$1))})(),void 0)}
  const shared = ($p0)=>{return $enter($s.next,$s.next=0,($g$3??=function*(y) {let $d=$s.depth,$1;return( ($c[$d]=sleep,$s.next=$d,$1=sleep(y),$m.registers.op?$v(yield):$1))})($p0),void 0)}
}
function f(z) {var $g$4;
  const once = async () =>{let $1;return( ($1=sleep,$1=$callAsync($1,void 0,z),$m.registers.op?await $detach():$1))}
  return () => ()=>{return $enter($s.next,$s.next=0,($g$4??=function*() {let $d=$s.depth,$1;return(
    ($c[$d]=sleep,$s.next=$d,$1=sleep(z),$m.registers.op?$v(yield):$1))})(),void 0)}
}

// 2: whole A, sleep(…)
// 4: each A, sleep(…)
// 5: shared A, sleep(…)
// 7: f untouched
// 8: once A, sleep(…)
// 9: anonymous untouched
// 9: anonymous A, sleep(…)
