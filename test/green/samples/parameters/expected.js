import{PARK as $P,enter as $enter,leave as $leave,resumedValue as $v,state as $S}from"fibril/green/runtime";var $g$2,$g$3;function f(a, b = 2, ...rest) {let $s=$S,$d=$s.next,$p=0,$r=null,$w,$q,$x,$1;$s.next=0;if($d>0)$d++;else if($d<0){$r=$s.machine.registers.resuming,$d=$r.depth,$p=$r.place,$w=$r.value,$q=$r.saved,a=$q[0],b=$q[1],rest=$q[2]} if(($p?$p===1&&($p=0,$1=$v($w),!1):($s.callees[$d]=get,$s.next=$d,$1=get(a),$s.machine.registers.op!==null&&($r===null?$leave($d,1,[a],this,new.target):($r.place=1),!0))))return $P;return $1 }
function g($p0=void 0,$p1=void 0){return $enter($S.next,$S.next=0,g$1($p0,$p1),new.target===void 0?void 0:this)} function*g$1(...$q){let $s=$S,$d=$s.depth,$1;let [a = ($s.callees[$d]=get,$s.next=$d,$1=get(1),$s.machine.registers.op!==null?$v(yield 2):$1), { b } = ($s.callees[$d]=get,$s.next=$d,$1=get(2),$s.machine.registers.op!==null?$v(yield 3):$1)]=$q; { return a }}
const h = ($p0=void 0)=>{return $enter($S.next,$S.next=0,($g$2??=function*(...$q){let $s=$S,$d=$s.depth,$1;let [x = ($s.callees[$d]=get,$s.next=$d,$1=get(1),$s.machine.registers.op!==null?$v(yield 4):$1)]=$q; return( x)})($p0),void 0)}
const k = () =>{let $s=$S,$d=$s.next,$p=0,$r=null,$w,$q,$x,$1;$s.next=0;if($d>0)$d++;else if($d<0){$r=$s.machine.registers.resuming,$d=$r.depth,$p=$r.place,$w=$r.value,$q=$r.saved}if(($p?$p===5&&($p=0,$1=$v($w),!1):($s.callees[$d]=arguments_,$s.next=$d,$1=arguments_(arguments),$s.machine.registers.op!==null&&($r===null?$leave($d,5,[]):($r.place=5),!0))))return $P;return($1)}
function m() { return ()=>{return $enter($S.next,$S.next=0,($g$3??=function*() {let $s=$S,$d=$s.depth,$x=$s.extra,$arguments=$x[0],$target=$x[1],$1;return( [$arguments.length, $target, this, ($s.callees[$d]=get,$s.next=$d,$1=get(1),$s.machine.registers.op!==null?$v(yield 6):$1)])}).call(this),void 0,[arguments,new.target])} }

// 1: f B, get(…)
// 2: g A, get(…)
// 3: h A, get(…)
// 4: k B, arguments_(…)
// 5: m untouched
// 5: anonymous A, get(…)
