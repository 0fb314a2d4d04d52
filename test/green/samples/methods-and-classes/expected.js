import{call as $call,callees as $c,declareParking as $compiled,enter as $enter,machine as $m,notCallable as $not,resumedValue as $v,state as $s,superRef as $superRef,takeMade as $takeMade}from"fibril/green/runtime";var $g$1,$g$2,$g$3,$g$4,$g$5,$g$6,$g$7;class A {static{$compiled(this)}
  #x = 1
  constructor($p0){if($s.made!==null)return $takeMade();return $enter($s.next,$s.next=0,($g$1??=function*(x) {let $d=$s.depth,$1;
    this.x = ($c[$d]=get,$s.next=$d,$1=get(x),$m.registers.op?$v(yield):$1)
  }).call(this,$p0),this)}
  m($p0,$p1=void 0){return $enter($s.next,$s.next=0,($g$2??=function*(a, b = 2) {let $d=$s.depth,$1,$2;
    return ($2=this.#n,$c[$d]=typeof $2=="function"?$2:$not("this.#n"),$s.next=$d,$2=$call($2,this,a),$m.registers.op?$v(yield):$2) + b
  }).call(this,$p0,$p1),void 0)}
  #n($p0){return $enter($s.next,$s.next=0,($g$3??=function*(a) {let $d=$s.depth,$1,$2;
    return ($1=get(($2=this.#x + a,$c[$d]=get,$s.next=$d,$2)),$m.registers.op?$v(yield):$1)
  }).call(this,$p0),void 0)}
  static s(){return $enter($s.next,$s.next=0,($g$4??=function*() {let $d=$s.depth,$1,$2,$3;
    return ($2=($1=($c[$d]=A,$s.next=$d,$3=new A(1),$m.registers.op?$v(yield):$3)).m,$c[$d]=typeof $2=="function"?$2:$not("new A(1).m"),$s.next=$d,$2=$call($2,$1,2),$m.registers.op?$v(yield):$2)
  })(),void 0)}
  get v(){return $enter($s.next,$s.next=0,($g$5??=function*() {let $d=$s.depth,$1; return ($c[$d]=get,$s.next=$d,$1=get(1),$m.registers.op?$v(yield):$1) })(),void 0)}
}
const o = {
  m(){return $enter($s.next,$s.next=0,($g$6??=function*() {let $d=$s.depth,$x=$s.extra,$super=$x[0],$1,$2; return ($2=$super("toString").value,$c[$d]=typeof $2=="function"?$2:$not("super.toString"),$s.next=$d,$2=$call($2,this),$m.registers.op?$v(yield):$2) + ($2=this['k'],$c[$d]=typeof $2=="function"?$2:$not("this['k']"),$s.next=$d,$2=$call($2,this,1),$m.registers.op?$v(yield):$2) }).call(this),void 0,[$superRef($key=>super[$key],($key,$value)=>{super[$key]=$value})])},
  k: function ($p0){return $enter($s.next,$s.next=0,($g$7??=function*(x) {let $d=$s.depth,$1; return ($c[$d]=get,$s.next=$d,$1=get(x),$m.registers.op?$v(yield):$1) })($p0),new.target&&this)},
}

// 2: x untouched
// 3: constructor A, get(…)
// 6: m A, .n(…)
// 9: n A, get(…)
// 12: s A, .m(…)
// 15: v A, get(…)
// 18: m A, .toString(…)
// 19: k A, get(…)
