'use strict';import{PARK as $P,advance as $advance,callees as $c,close as $close,enter as $enter,fail as $fail,leave as $leave,machine as $m,open as $open,resumedValue as $v,resuming as $again,state as $s}from"fibril/green/runtime";
import { sleep } from 'fibril/green'

export function first(a, b) {let $d=$s.next,$p=0,$r=null,$w,$q,$x,$1,$2;$s.next=0;if($d>0)$d++;else if($d<0){$r=$again(),$d=$r.depth,$p=$r.place,$w=$r.value,$q=$r.saved,a=$q[0],b=$q[1],$1=$q[2],$2=$q[3]}
  if(($p?$p===1&&($p=0,$1=$v($w),0):($c[$d]=second,$s.next=$d,$1=second(a),$m.registers.op&&$leave($r,$d,1,[a,b],this,new.target)))||($p?$p===2&&($p=0,$2=$v($w),0):($c[$d]=second,$s.next=$d,$2=second(b),$m.registers.op&&$leave($r,$d,2,[a,b,$1],this,new.target))))return $P;return $1 + $2
/*~*/}

export default function (...$p0){return $enter($s.next,$s.next=0,default$1(...$p0),new.target&&this)/*~*/} function*default$1(...all) {let $d=$s.depth,$1,$2;
  {let $i$2=($1=( all),($c[$d]=$open,$s.next=$d,$2=$open($1),$m.registers.op?$v(yield):$2));try{for(;($c[$d]=$advance,$s.next=$d,$2=$advance($i$2),$m.registers.op?$v(yield):$2);){const x=$i$2.value; ($c[$d]=sleep,$s.next=$d,$1=sleep(x),$m.registers.op?$v(yield):$1);}}catch($e$3){$s.next=0;if($i$2.open)($c[$d]=$fail,$s.next=$d,$1=$fail($i$2),$m.registers.op?$v(yield):$1);throw $e$3}finally{$s.next=0;if($i$2.open)($c[$d]=$close,$s.next=$d,$1=$close($i$2),$m.registers.op?$v(yield):$1)}}
}

function second(x) {
  'use strict';let $d=$s.next,$p=0,$r=null,$w,$q,$x,$1;$s.next=0;if($d>0)$d++;else if($d<0){$r=$again(),$d=$r.depth,$p=$r.place,$w=$r.value,$q=$r.saved,x=$q[0],$1=$q[1]}var $g$4;
  if(($p?$p===1&&($p=0,$1=$v($w),0):($c[$d]=sleep,$s.next=$d,$1=sleep(x),$m.registers.op&&$leave($r,$d,1,[x],this,new.target))))return $P;
  return function third(){return $enter($s.next,$s.next=0,($g$4??=function*() {let $d=$s.depth,$x=$s.extra,third=$x[0],$1,$2; return x ? ($1=first(x, ($2=arguments[0],$c[$d]=first,$s.next=$d,$2)),$m.registers.op?$v(yield):$1) : third }).apply(this,arguments),new.target&&this,[third])/*~*/}
/*~*/}

// 4: first B, second(…)
// 8: default A, for…of
// 12: second B, sleep(…)
// 15: third A, first(…)
