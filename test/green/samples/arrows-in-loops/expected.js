import{PARK as $P,callAsync as $callAsync,detach as $detach,leave as $leave,resumedValue as $v,state as $S}from"fibril/green/runtime";import { sleep } from 'fibril/green'
const whole = (x) =>{let $s=$S,$d=$s.next,$p=0,$r=null,$w,$q,$x,$1;$s.next=0;if($d>0)$d++;else if($d<0){$r=$s.machine.registers.resuming,$d=$r.depth,$p=$r.place,$w=$r.value,$q=$r.saved,x=$q[0]}if(($p?$p===1&&($p=0,$1=$v($w),!1):($s.callees[$d]=sleep,$s.next=$d,$1=sleep(x),$s.machine.registers.op!==null&&($r===null?$leave($d,1,[x]):($r.place=1),!0))))return $P;return($1)}
for (let i = 0; i < 3; i++) {
  const each = () =>{let $s=$S,$d=$s.next,$p=0,$r=null,$w,$q,$x,$1;$s.next=0;if($d>0)$d++;else if($d<0){$r=$s.machine.registers.resuming,$d=$r.depth,$p=$r.place,$w=$r.value,$q=$r.saved}if(($p?$p===2&&($p=0,$1=$v($w),!1):($s.callees[$d]=sleep,$s.next=$d,$1=sleep(i),$s.machine.registers.op!==null&&($r===null?$leave($d,2,[]):($r.place=2),!0))))return $P;return($1)}
  const shared = y =>{let $s=$S,$d=$s.next,$p=0,$r=null,$w,$q,$x,$1;$s.next=0;if($d>0)$d++;else if($d<0){$r=$s.machine.registers.resuming,$d=$r.depth,$p=$r.place,$w=$r.value,$q=$r.saved,y=$q[0]}if(($p?$p===3&&($p=0,$1=$v($w),!1):($s.callees[$d]=sleep,$s.next=$d,$1=sleep(y),$s.machine.registers.op!==null&&($r===null?$leave($d,3,[y]):($r.place=3),!0))))return $P;return($1)}
}
function f(z) {
  const once = async () =>{let $1;return( ($1=sleep,$1=$callAsync($1,void 0,z),$S.machine.registers.op!==null?await $detach():$1))}
  return () => () =>{let $s=$S,$d=$s.next,$p=0,$r=null,$w,$q,$x,$1;$s.next=0;if($d>0)$d++;else if($d<0){$r=$s.machine.registers.resuming,$d=$r.depth,$p=$r.place,$w=$r.value,$q=$r.saved}if(
($p?$p===4&&($p=0,$1=$v($w),!1):($s.callees[$d]=sleep,$s.next=$d,$1=sleep(z),$s.machine.registers.op!==null&&($r===null?$leave($d,4,[]):($r.place=4),!0))))return $P;return($1)}
}

// 2: whole B, sleep(…)
// 4: each B, sleep(…)
// 5: shared B, sleep(…)
// 7: f untouched
// 8: once A, sleep(…)
// 9: anonymous untouched
// 9: anonymous B, sleep(…)
