import{advance as $advance,call as $call,callees as $c,close as $close,enter as $enter,fail as $fail,machine as $m,notCallable as $not,open as $open,resumedValue as $v,state as $s}from"fibril/green/runtime";function f($p0){return $enter($s.next,$s.next=0,f$1($p0),new.target&&this)} function*f$1(list) {let $d=$s.depth,$1,$2;
  outer: for (const [k, v] of Object.entries(list))
    {let $i$2=($1=( v),($c[$d]=$open,$s.next=$d,$2=$open($1),$m.registers.op?$v(yield):$2));try{for(;($c[$d]=$advance,$s.next=$d,$2=$advance($i$2),$m.registers.op?$v(yield):$2);){const x=$i$2.value; {
      if (($c[$d]=get,$s.next=$d,$1=get(x),$m.registers.op?$v(yield):$1)) continue outer
      ;($2=($1=[]).push,$c[$d]=typeof $2=="function"?$2:$not("[].push"),$s.next=$d,$2=$call($2,$1,()=>{return $enter($s.next,$s.next=0,(function*() {let $d=$s.depth,$1;return( ($c[$d]=get,$s.next=$d,$1=get(k),$m.registers.op?$v(yield):$1))})(),void 0)}),$m.registers.op?$v(yield):$2)
    }}}catch($e$3){$s.next=0;if($i$2.open)($c[$d]=$fail,$s.next=$d,$1=$fail($i$2),$m.registers.op?$v(yield):$1);throw $e$3}finally{$s.next=0;if($i$2.open)($c[$d]=$close,$s.next=$d,$1=$close($i$2),$m.registers.op?$v(yield):$1)}}
  {let $i$5=($1=( ($c[$d]=get,$s.next=$d,$2=get(list),$m.registers.op?$v(yield):$2)),($c[$d]=$open,$s.next=$d,$2=$open($1),$m.registers.op?$v(yield):$2));try{for(;($c[$d]=$advance,$s.next=$d,$2=$advance($i$5),$m.registers.op?$v(yield):$2);){(list.x=$i$5.value); ($c[$d]=get,$s.next=$d,$1=get(1),$m.registers.op?$v(yield):$1);}}catch($e$6){$s.next=0;if($i$5.open)($c[$d]=$fail,$s.next=$d,$1=$fail($i$5),$m.registers.op?$v(yield):$1);throw $e$6}finally{$s.next=0;if($i$5.open)($c[$d]=$close,$s.next=$d,$1=$close($i$5),$m.registers.op?$v(yield):$1)}}
  for (const x of [1, 2]) ($c[$d]=get,$s.next=$d,$1=get(x),$m.registers.op?$v(yield):$1)
}

// 1: f A, for…of
// 5: anonymous A, get(…)
