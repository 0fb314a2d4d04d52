import{PARK as $P,callees as $c,declareParking as $compiled,enter as $enter,leave as $leave,machine as $m,resumedValue as $v,resuming as $again,state as $s,takeMade as $takeMade}from"fibril/green/runtime";var $g$1;                               
export function f             (            a   , b         )         {let $d=$s.next,$p=0,$r=null,$w,$q,$x,$1;$s.next=0;if($d>0)$d++;else if($d<0){$r=$again(),$d=$r.depth,$p=$r.place,$w=$r.value,$q=$r.saved,a=$q[0],b=$q[1]}
  if(($p?$p===1&&($p=0,$1=$v($w),!1):($c[$d]=get,$s.next=$d,$1=get   (a),$m.registers.op!==null&&($r===null?$leave($d,1,[a,b],this,new.target):($r.place=1,!0)))))return $P;return $1           + (b )
}
         class C    {static{$compiled(this)}
                      
  constructor($p0){if($s.made!==null)return $takeMade();return $enter($s.next,$s.next=0,($g$1??=function*(x    ) {let $d=$s.depth,$1; ;($c[$d]=get,$s.next=$d,$1=get(x                  ),$m.registers.op!==null?$v(yield 2):$1) })($p0),this)}
}

// 2: f B, get(…)
// 7: constructor A, get(…)
