import{PARK as $P,enterAgain as $enterAgain,leave as $leave,poolOf as $pool,resumedValue as $v,state as $S}from"fibril/green/runtime";var $g$1,$g$3,$g$4;function f(a, b = 2, ...rest) {let $s=$S,$d=$s.next,$p=0,$r=null,$w,$q,$x,$1;$s.next=0;if($d>0)$d++;else if($d<0){$r=$s.machine.registers.resuming,$d=$r.depth,$p=$r.place,$w=$r.value,$q=$r.saved,a=$q[0],b=$q[1],rest=$q[2]} if(($p?$p===1&&($p=0,$1=$v($w),!1):($s.callees[$d]=get,$s.next=$d,$1=get(a),$s.machine.registers.op!==null&&($r===null?$leave($d,1,[a],this,new.target):($r.place=1),!0))))return $P;return $1 }
function g($p0=void 0,$p1=void 0){return $enterAgain($S.next,$S.next=0,$g$1??=$pool(g$2),new.target===void 0?void 0:this,$S.p0=$p0,$S.p1=$p1)} function*g$2(){let $s=$S,$r;for(;;){$l:{let $d=$s.depth,$p0=$s.p0,$p1=$s.p1,$1;let a = $p0===void 0?($s.callees[$d]=get,$s.next=$d,$1=get(1),$s.machine.registers.op!==null?$v(yield 2):$1):$p0, { b } = $p1===void 0?($s.callees[$d]=get,$s.next=$d,$1=get(2),$s.machine.registers.op!==null?$v(yield 3):$1):$p1; { {$r= a;break $l} }$r=void 0}yield $r}}
const h = ($p0=void 0)=>{return $enterAgain($S.next,$S.next=0,$g$3??=$pool(function*(){let $s=$S,$r;for(;;){$l:{let $d=$s.depth,$p0=$s.p0,$1;let x = $p0===void 0?($s.callees[$d]=get,$s.next=$d,$1=get(1),$s.machine.registers.op!==null?$v(yield 4):$1):$p0;$r=  x}yield $r}}),void 0,$S.p0=$p0)}
const k = () =>{let $s=$S,$d=$s.next,$p=0,$r=null,$w,$q,$x,$1;$s.next=0;if($d>0)$d++;else if($d<0){$r=$s.machine.registers.resuming,$d=$r.depth,$p=$r.place,$w=$r.value,$q=$r.saved}if(($p?$p===5&&($p=0,$1=$v($w),!1):($s.callees[$d]=arguments_,$s.next=$d,$1=arguments_(arguments),$s.machine.registers.op!==null&&($r===null?$leave($d,5,[]):($r.place=5),!0))))return $P;return($1)}
function m() { return ()=>{return $enterAgain($S.next,$S.next=0,$g$4??=$pool(function*(){let $s=$S,$r;for(;;){$l:{let $d=$s.depth,$this=$s.self,$x=$s.extra,$arguments=$x[0],$target=$x[1],$1;$r=  [$arguments.length, $target, $this, ($s.callees[$d]=get,$s.next=$d,$1=get(1),$s.machine.registers.op!==null?$v(yield 6):$1)]}yield $r}}),void 0,$S.extra=[arguments,new.target],$S.self=this)} }

// 1: f B, get(…)
// 2: g A, get(…)
// 3: h A, get(…)
// 4: k B, arguments_(…)
// 5: m untouched
// 5: anonymous A, get(…)
