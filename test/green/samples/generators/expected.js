import{PARK as $P,begin as $begin,delegate as $delegate,leave as $leave,list as $list,resumedValue as $v,state as $S}from"fibril/green/runtime";function* g(n) {let $k=$begin(),$1,$2;
  const r = (yield ($1=($S.callees[$k.depth]=get,$S.next=$k.depth,$2=get(n),$S.machine.registers.op!==null?$v(yield 1):$2),$k.depth=0,$1))
  ;(yield void($k.depth=0))
  try {
    ;(yield* ($1=h(r),$delegate($k,$1)))
  } catch {$S.next=0;}
}
function* h() { yield 1 }
const all = () =>{let $s=$S,$d=$s.next,$p=0,$r=null,$w,$q,$x,$1,$2;$s.next=0;if($d>0)$d++;else if($d<0){$r=$s.machine.registers.resuming,$d=$r.depth,$p=$r.place,$w=$r.value,$q=$r.saved,$1=$q[0]}if(!$p&&($1=g(1),!1)||($p?$p===2&&($p=0,$2=$v($w),!1):($s.callees[$d]=$list,$s.next=$d,$2=$list($1),$s.machine.registers.op!==null&&($r===null?$leave($d,2,[$1]):($q[0]=$1,$r.place=2),!0))))return $P;return([...$2, ...[2]])}
const [a, b] = g(1)

// 1: g A, get(…)
// 8: h untouched
// 9: all B, a spread
