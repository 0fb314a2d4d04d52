import{PARK as $P,advance as $advance,call as $call,callees as $c,close as $close,enter as $enter,fail as $fail,leave as $leave,machine as $m,notCallable as $not,open as $open,resumedValue as $v,resuming as $again,state as $s}from"fibril/green/runtime";function f($p0){return $enter($s.next,$s.next=0,f$1($p0),new.target&&this)} function*f$1(list) {let $d=$s.depth,$1,$2;
  outer: for (const [k, v] of Object.entries(list))
    {let $i$2=($1=( v),($c[$d]=$open,$s.next=$d,$2=$open($1),$m.registers.op!==null?$v(yield 1):$2));try{for(;($c[$d]=$advance,$s.next=$d,$2=$advance($i$2),$m.registers.op!==null?$v(yield 2):$2);){const x=$i$2.value; {
      if (($c[$d]=get,$s.next=$d,$1=get(x),$m.registers.op!==null?$v(yield 3):$1)) continue outer
      ;($2=($1=[]).push,$c[$d]=typeof $2=="function"?$2:$not("[].push"),$s.next=$d,$2=$call($2,$1,() =>{let $d=$s.next,$p=0,$r=null,$w,$q,$x,$1;$s.next=0;if($d>0)$d++;else if($d<0){$r=$again(),$d=$r.depth,$p=$r.place,$w=$r.value,$q=$r.saved}if(($p?$p===4&&($p=0,$1=$v($w),!1):($c[$d]=get,$s.next=$d,$1=get(k),$m.registers.op!==null&&($r===null?$leave($d,4,[]):($r.place=4),!0))))return $P;return($1)}),$m.registers.op!==null?$v(yield 5):$2)
    }}}catch($e$3){$s.next=0;if($i$2.open)($c[$d]=$fail,$s.next=$d,$1=$fail($i$2),$m.registers.op!==null?$v(yield 6):$1);throw $e$3}finally{$s.next=0;if($i$2.open)($c[$d]=$close,$s.next=$d,$1=$close($i$2),$m.registers.op!==null?$v(yield 7):$1)}}
  {let $i$4=($1=( ($c[$d]=get,$s.next=$d,$2=get(list),$m.registers.op!==null?$v(yield 8):$2)),($c[$d]=$open,$s.next=$d,$2=$open($1),$m.registers.op!==null?$v(yield 9):$2));try{for(;($c[$d]=$advance,$s.next=$d,$2=$advance($i$4),$m.registers.op!==null?$v(yield 10):$2);){(list.x=$i$4.value); ($c[$d]=get,$s.next=$d,$1=get(1),$m.registers.op!==null?$v(yield 11):$1);}}catch($e$5){$s.next=0;if($i$4.open)($c[$d]=$fail,$s.next=$d,$1=$fail($i$4),$m.registers.op!==null?$v(yield 12):$1);throw $e$5}finally{$s.next=0;if($i$4.open)($c[$d]=$close,$s.next=$d,$1=$close($i$4),$m.registers.op!==null?$v(yield 13):$1)}}
  for (const x of [1, 2]) ($c[$d]=get,$s.next=$d,$1=get(x),$m.registers.op!==null?$v(yield 14):$1)
}

// 1: f A, for…of
// 5: anonymous B, get(…)
