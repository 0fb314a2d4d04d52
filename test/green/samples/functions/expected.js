'use strict';import{advance as $advance,callees as $c,close as $close,enter as $enter,fail as $fail,machine as $m,open as $open,resumedValue as $v,state as $s}from"fibril/green/runtime";var $g$2;
import { sleep } from 'fibril/green'

export function first($p0,$p1){return $enter($s.next,$s.next=0,first$1($p0,$p1),new.target&&this)} function*first$1(a, b) {let $d=$s.depth,$1;
  return ($c[$d]=second,$s.next=$d,$1=second(a),$m.registers.op?$v(yield):$1) + ($c[$d]=second,$s.next=$d,$1=second(b),$m.registers.op?$v(yield):$1)
}

export default function (...$p0){return $enter($s.next,$s.next=0,($g$2??=function*(...all) {let $d=$s.depth,$1,$2;
  {let $i$3=($1=( all),($c[$d]=$open,$s.next=$d,$2=$open($1),$m.registers.op?$v(yield):$2));try{for(;($c[$d]=$advance,$s.next=$d,$2=$advance($i$3),$m.registers.op?$v(yield):$2);){const x=$i$3.value; ($c[$d]=sleep,$s.next=$d,$1=sleep(x),$m.registers.op?$v(yield):$1);}}catch($e$4){$s.next=0;if($i$3.open)($c[$d]=$fail,$s.next=$d,$1=$fail($i$3),$m.registers.op?$v(yield):$1);throw $e$4}finally{$s.next=0;if($i$3.open)($c[$d]=$close,$s.next=$d,$1=$close($i$3),$m.registers.op?$v(yield):$1)}}
})(...$p0),new.target&&this)}

function second($p0){"use strict";return $enter($s.next,$s.next=0,second$5($p0),new.target&&this)} function*second$5(x) {
  'use strict';let $d=$s.depth,$1;var $g$6;
  ;($c[$d]=sleep,$s.next=$d,$1=sleep(x),$m.registers.op?$v(yield):$1)
  return function third(){return $enter($s.next,$s.next=0,($g$6??=function*() {let $d=$s.depth,$x=$s.extra,third=$x[0],$1,$2; return x ? ($1=first(x, ($2=arguments[0],$c[$d]=first,$s.next=$d,$2)),$m.registers.op?$v(yield):$1) : third }).apply(this,arguments),new.target&&this,[third])}
}

// 4: first A, second(…)
// 8: default A, for…of
// 12: second A, sleep(…)
// 15: third A, first(…)
