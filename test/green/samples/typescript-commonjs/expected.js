const{PARK:$P,leave:$leave,resumedValue:$v,state:$S}=require("fibril/green/runtime");                                     
const { sleep } = require('fibril/green')                                 

                          
                 
            
 

function price($p0       )        {let $s=$S,$d=$s.next,$p=0,$r=null,$w,$q,$x,$1;$s.next=0;if($d>0)$d++;else if($d<0){$r=$s.machine.registers.resuming,$d=$r.depth,$p=$r.place,$w=$r.value,$q=$r.saved,shop=$q[0]}var shop;if(!$p)({ shop }=$p0);
  if(($p?$p===1&&($p=0,$1=$v($w),!1):($s.callees[$d]=sleep,$s.next=$d,$1=sleep(1),$s.machine.registers.op!==null&&($r===null?$leave($d,1,[shop],this,new.target):($r.place=1),!0))))return $P;
  return shop.price         
}
module.exports = { price }

// 9: price B, sleep(…)
