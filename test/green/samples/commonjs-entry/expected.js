'use strict';const{main:$main,resumedValue:$v,state:$S}=require("fibril/green/runtime");return $main((function*(){let $s=$S,$d=$s.depth,$1;
const { sleep } = require('fibril/green')
;($s.callees[$d]=sleep,$s.next=$d,$1=sleep(1),$s.machine.registers.op!==null?$v(yield 1):$1)
exports.x = this // the end

}).apply(this,arguments))

