import{Construction as $Construction,call as $call,callees as $c,declareParking as $compiled,derive as $derive,enter as $enter,implicit as $implicit,machine as $m,notCallable as $not,resumedValue as $v,state as $s,superCall as $superCall,superRef as $superRef,takeMade as $takeMade}from"fibril/green/runtime";var $g$1,$g$2;import { Base } from './base.js'
class B extends Base {static{$compiled(this)}
  f = 1
  constructor($p0){if($s.made!==null)return $takeMade();return $derive($s.next,$s.next=0,($g$1??=function*(x) {let $d=$s.depth,$t=$s.construction,$1,$2,$3;
    ;($1=$superCall($t,($2=($c[$d]=get,$s.next=$d,$3=get(x),$m.registers.op?$v(yield):$3),$c[$d]=$superCall,$s.next=$d,$2)),$m.registers.op?$v(yield):$1)
    $t.this.y = () => $t.this.f
  })($p0),new $Construction(B,new.target,(...$q)=>super(...$q),()=>this))}
  m(){return $enter($s.next,$s.next=0,($g$2??=function*() {let $d=$s.depth,$x=$s.extra,$super=$x[0],$1,$2,$3,$4; return ($2=$super("m").value,$2=$call($2,this,($3=($c[$d]=get,$s.next=$d,$4=get(1),$m.registers.op?$v(yield):$4),$c[$d]=typeof $2=="function"?$2:$not("super.m"),$s.next=$d,$3)),$m.registers.op?$v(yield):$2) }).call(this),void 0,[$superRef($key=>super[$key],($key,$value)=>{super[$key]=$value})])}
}
class C extends B {constructor(...$p){if($s.made!==null)return $takeMade();return $derive($s.next,$s.next=0,$implicit($p),new $Construction(C,new.target,(...$q)=>super(...$q),()=>this))}static{$compiled(this)}}
class D extends Error {}
export const make = () => class extends B {}

// 3: f untouched
// 4: constructor A, super(…)
// 6: anonymous untouched
// 8: m A, .m(…)
// 12: make untouched
