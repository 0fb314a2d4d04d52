import{callees as $c,enter as $enter,machine as $m,resumedValue as $v,state as $s}from"fibril/green/runtime";var $g$3,$g$4,$g$5;function f($p0,$p1=void 0,...$p2){return $enter($s.next,$s.next=0,f$1($p0,$p1,...$p2),new.target&&this)} function*f$1(a, b = 2, ...rest) {let $d=$s.depth,$1; return ($c[$d]=get,$s.next=$d,$1=get(a),$m.registers.op?$v(yield):$1) }
function g($p0=void 0,$p1=void 0){return $enter($s.next,$s.next=0,g$2($p0,$p1),new.target&&this)} function*g$2(...$q){let $d=$s.depth,$1;let [a = ($c[$d]=get,$s.next=$d,$1=get(1),$m.registers.op?$v(yield):$1), { b } = ($c[$d]=get,$s.next=$d,$1=get(2),$m.registers.op?$v(yield):$1)]=$q; { return a }}
const h = ($p0=void 0)=>{return $enter($s.next,$s.next=0,($g$3??=function*(...$q){let $d=$s.depth,$1;let [x = ($c[$d]=get,$s.next=$d,$1=get(1),$m.registers.op?$v(yield):$1)]=$q; return( x)})($p0),void 0)}
const k = ()=>{return $enter($s.next,$s.next=0,($g$4??=function*() {let $d=$s.depth,$x=$s.extra,$arguments=$x[0],$1;return( ($c[$d]=arguments_,$s.next=$d,$1=arguments_($arguments),$m.registers.op?$v(yield):$1))})(),void 0,[arguments])}
function m() { return ()=>{return $enter($s.next,$s.next=0,($g$5??=function*() {let $d=$s.depth,$x=$s.extra,$arguments=$x[0],$target=$x[1],$1;return( [$arguments.length, $target, this, ($c[$d]=get,$s.next=$d,$1=get(1),$m.registers.op?$v(yield):$1)])}).call(this),void 0,[arguments,new.target])} }

// 1: f A, get(…)
// 2: g A, get(…)
// 3: h A, get(…)
// 4: k A, arguments_(…)
// 5: m untouched
// 5: anonymous A, get(…)
