'use strict';import{PARK as $P,abandon as $abandon,advance as $advance,enterAgain as $enterAgain,leave as $leave,open as $open,poolOf as $pool,resumedValue as $v,state as $S}from"fibril/green/runtime";
import { sleep } from 'fibril/green'

export function first(a, b) {let $s=$S,$d=$s.next,$p=0,$r=null,$w,$q,$x,$1,$2;$s.next=0;if($d>0)$d++;else if($d<0){$r=$s.machine.registers.resuming,$d=$r.depth,$p=$r.place,$w=$r.value,$q=$r.saved,a=$q[0],b=$q[1],$1=$q[2]}
  if(($p?$p===1&&($p=0,$1=$v($w),!1):($s.callees[$d]=second,$s.next=$d,$1=second(a),$s.machine.registers.op!==null&&($r===null?$leave($d,1,[a,b],this,new.target):($r.place=1),!0)))||($p?$p===2&&($p=0,$2=$v($w),!1):($s.callees[$d]=second,$s.next=$d,$2=second(b),$s.machine.registers.op!==null&&($r===null?$leave($d,2,[a,b,$1],this,new.target):($q[2]=$1,$r.place=2),!0))))return $P;return $1 + $2
}

export default function (...all) {let $s=$S,$d=$s.next,$p=0,$r=null,$w,$q,$x,$1;$s.next=0;if($d>0)$d++;else if($d<0){$r=$s.machine.registers.resuming,$d=$r.depth,$p=$r.place,$w=$r.value,$q=$r.saved,all=$q[0]}
  {let $i$1;if($p<=3&&(($p?$p===3&&($p=0,$1=$v($w),!1):($s.callees[$d]=$open,$s.next=$d,$1=$open(all),$s.machine.registers.op!==null&&($r===null?$leave($d,3,[all,0,$i$1],this,new.target):($q[2]=$i$1,$r.place=3),!0)))))return $P;$i$1=$p?$q[2]:$1;try{if($p===6)throw $q[3];for(;$p>4||!($x=($p?$p===4&&($p=0,$1=$v($w),!1):($s.callees[$d]=$advance,$s.next=$d,$1=$advance($i$1),$s.machine.registers.op!==null&&($r===null?$leave($d,4,[all,0,$i$1],this,new.target):($q[2]=$i$1,$r.place=4),!0))))&&$1;){const x=$p?$q[1]:$i$1.value; {if(($p?$p===5&&($p=0,$1=$v($w),!1):($s.callees[$d]=sleep,$s.next=$d,$1=sleep(x),$s.machine.registers.op!==null&&($r===null?$leave($d,5,[all,x,$i$1],this,new.target):($q[1]=x,$q[2]=$i$1,$r.place=5),!0))))return $P;};}if($x)return $P}catch($e$2){$s.next=0;if(($p?$p===6&&($p=0,$v($w),!1):$i$1.open&&($s.callees[$d]=$abandon,$s.next=$d,$abandon($i$1,$e$2),$s.machine.registers.op!==null&&($r===null?$leave($d,6,[all,0,$i$1,$e$2],this,new.target):($q[2]=$i$1,$q[3]=$e$2,$r.place=6),!0))))return $P;throw $e$2}}
}

function second(x) {
  'use strict';let $s=$S,$d=$s.next,$p=0,$r=null,$w,$q,$x,$1;$s.next=0;if($d>0)$d++;else if($d<0){$r=$s.machine.registers.resuming,$d=$r.depth,$p=$r.place,$w=$r.value,$q=$r.saved,x=$q[0]}var $g$3;
  if(($p?$p===7&&($p=0,$1=$v($w),!1):($s.callees[$d]=sleep,$s.next=$d,$1=sleep(x),$s.machine.registers.op!==null&&($r===null?$leave($d,7,[x],this,new.target):($r.place=7),!0))))return $P;
  return function third(){return $enterAgain($S.next,$S.next=0,$g$3??=$pool(function*(){let $s=$S,$r;for(;;){$l:{let $d=$s.depth,$x=$s.extra,$arguments=$x[0],third=$x[1],$1,$2; { {$r= x ? ($1=first(x, ($2=$arguments[0],$s.callees[$d]=first,$s.next=$d,$2)),$s.machine.registers.op!==null?$v(yield 8):$1) : third;break $l} }$r=void 0}yield $r}}),new.target===void 0?void 0:this,$S.extra=[arguments,third])}
}

// 4: first B, second(…)
// 8: default B, for…of
// 12: second B, sleep(…)
// 15: third A, first(…)
