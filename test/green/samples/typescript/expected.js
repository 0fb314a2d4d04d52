import{PARK as $P,constructed as $constructed,constructing as $constructing,declareParking as $compiled,leave as $leave,resumedValue as $v,state as $S,takeMade as $takeMade}from"fibril/green/runtime";                               
export function f             (            a   , b         )         {let $s=$S,$d=$s.next,$p=0,$r=null,$w,$q,$x,$1;$s.next=0;if($d>0)$d++;else if($d<0){$r=$s.machine.registers.resuming,$d=$r.depth,$p=$r.place,$w=$r.value,$q=$r.saved,a=$q[0],b=$q[1]}
  if(($p?$p===1&&($p=0,$1=$v($w),!1):($s.callees[$d]=get,$s.next=$d,$1=get   (a),$s.machine.registers.op!==null&&($r===null?$leave($d,1,[a,b],this,new.target):($r.place=1),!0))))return $P;return $1           + (b )
}
         class C    {static{$compiled(this)}
                      
  constructor($p0){if($S.made!==null)return $takeMade();const $b=$constructing(C,C.#$new_C),$o=C.#$new_C.call(this,$p0);return $S.machine.registers.op===null?$o:$constructed($b)}static #$new_C(x    ) {let $s=$S,$d=$s.next,$p=0,$r=null,$w,$q,$x,$1;$s.next=0;if($d>0)$d++;else if($d<0){$r=$s.machine.registers.resuming,$d=$r.depth,$p=$r.place,$w=$r.value,$q=$r.saved,x=$q[0]} if(($p?$p===2&&($p=0,$1=$v($w),!1):($s.callees[$d]=get,$s.next=$d,$1=get(x                  ),$s.machine.registers.op!==null&&($r===null?$leave($d,2,[x],this,1):($r.place=2),!0))))return $P; }
}

// 2: f B, get(…)
// 7: constructor B, get(…)
