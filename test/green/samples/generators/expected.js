import{begin as $begin,callees as $c,delegate as $delegate,enter as $enter,list as $list,machine as $m,resumedValue as $v,state as $s}from"fibril/green/runtime";var $g$1;function* g(n) {let $k=$begin(),$1,$2;
  const r = (yield ($1=($c[$k.depth]=get,$s.next=$k.depth,$2=get(n),$m.registers.op?$v(yield):$2),$k.depth=0,$1))
  ;(yield void($k.depth=0))
  try {
    ;(yield* ($1=h(r),$delegate($k,$1)))
  } catch {$s.next=0;}
}
function* h() { yield 1 }
const all = ()=>{return $enter($s.next,$s.next=0,($g$1??=function*() {let $d=$s.depth,$1,$2;return( [...($1=(g(1)),($c[$d]=$list,$s.next=$d,$2=$list($1),$m.registers.op?$v(yield):$2)), ...[2]])})(),void 0)}
const [a, b] = g(1)

// 1: g A, get(…)
// 8: h untouched
// 9: all A, a spread
