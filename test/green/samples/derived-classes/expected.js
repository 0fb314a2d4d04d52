import{Construction as $Construction,PARK as $P,call as $call,declareParking as $compiled,derive as $derive,homeOf as $homeOf,implicit as $implicit,leave as $leave,notCallable as $not,resumedValue as $v,state as $S,superCall as $superCall,takeMade as $takeMade}from"fibril/green/runtime";var $g$1;import { Base } from './base.js'
class B extends Base {static{$compiled(this)}
  f = 1
  constructor($p0){if($S.made!==null)return $takeMade();return $derive($S.next,$S.next=0,($g$1??=function*(x) {let $s=$S,$d=$s.depth,$t=$s.construction,$1,$2,$3;
    ;($1=$superCall($t,($2=($s.callees[$d]=get,$s.next=$d,$3=get(x),$s.machine.registers.op!==null?$v(yield 1):$3),$s.callees[$d]=$superCall,$s.next=$d,$2)),$s.machine.registers.op!==null?$v(yield 2):$1)
    $t.this.y = () => $t.this.f
  })($p0),new $Construction(B,new.target,(...$q)=>super(...$q),()=>this))}
  m() {let $s=$S,$d=$s.next,$p=0,$r=null,$w,$q,$x,$1,$2,$3;$s.next=0;if($d>0)$d++;else if($d<0){$r=$s.machine.registers.resuming,$d=$r.depth,$p=$r.place,$w=$r.value,$q=$r.saved,$1=$q[0],$2=$q[1]} if(!$p&&($1=super.m,!1)||($p?$p===3&&($p=0,$2=$v($w),!1):($s.callees[$d]=get,$s.next=$d,$2=get(1),$s.machine.registers.op!==null&&($r===null?$leave($d,3,[$1],this):($q[0]=$1,$r.place=3),!0)))||($p?$p===4&&($p=0,$3=$v($w),!1):($s.callees[$d]=typeof $1=="function"?$1:$not("super.m"),$s.next=$d,$3=$call($1,this,$2),$s.machine.registers.op!==null&&($r===null?$leave($d,4,[$1,$2],this):($q[0]=$1,$q[1]=$2,$r.place=4),!0))))return $P;return $3 }
}
class C extends B {constructor(...$p){if($S.made!==null)return $takeMade();return $derive($S.next,$S.next=0,$implicit($p),new $Construction(C,new.target,(...$q)=>super(...$q),()=>this))}static{$compiled(this)}}
class D extends Error {}
export const make = () => class extends B {constructor(...$p){if($S.made!==null)return $takeMade();return $derive($S.next,$S.next=0,$implicit($p),new $Construction($homeOf(new.target,$class=>#$C in $class),new.target,(...$q)=>super(...$q),()=>this))}static #$C;static{$compiled(this)}}

// 3: f untouched
// 4: constructor A, super(…)
// 6: anonymous untouched
// 8: m B, .m(…)
// 12: make untouched
