const{callees:$c,enter:$enter,machine:$m,resumedValue:$v,state:$s}=require("fibril/green/runtime");                                     
const { sleep } = require('fibril/green')                                 

                          
                 
            
 

function price($p0){return $enter($s.next,$s.next=0,price$1($p0),new.target&&this)} function*price$1({ shop }       )        {let $d=$s.depth,$1;
  ;($c[$d]=sleep,$s.next=$d,$1=sleep(1),$m.registers.op?$v(yield 1):$1)
  return shop.price         
}
module.exports = { price }

// 9: price A, sleep(…)
