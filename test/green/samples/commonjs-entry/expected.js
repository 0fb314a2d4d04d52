'use strict';const{callees:$c,machine:$m,main:$main,resumedValue:$v,state:$s}=require("fibril/green/runtime");return $main((function*(){let $d=$s.depth,$1;
const { sleep } = require('fibril/green')
;($c[$d]=sleep,$s.next=$d,$1=sleep(1),$m.registers.op!==null?$v(yield 1):$1)
exports.x = this // the end

}).apply(this,arguments))

