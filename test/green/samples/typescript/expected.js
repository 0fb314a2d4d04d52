import{callees as $c,declareParking as $compiled,enter as $enter,machine as $m,resumedValue as $v,state as $s,takeMade as $takeMade}from"fibril/green/runtime";var $g$2;                               
export function f($p0,$p1){return $enter($s.next,$s.next=0,f$1($p0,$p1),new.target&&this)} function*f$1(            a   , b         )         {let $d=$s.depth,$1;
  return ($c[$d]=get,$s.next=$d,$1=get   (a),$m.registers.op?$v(yield):$1)           + (b )
}
         class C    {static{$compiled(this)}
                      
  constructor($p0){if($s.made!==null)return $takeMade();return $enter($s.next,$s.next=0,($g$2??=function*(x    ) {let $d=$s.depth,$1; ;($c[$d]=get,$s.next=$d,$1=get(x                  ),$m.registers.op?$v(yield):$1) })($p0),this)}
}

// 2: f A, get(…)
// 7: constructor A, get(…)
