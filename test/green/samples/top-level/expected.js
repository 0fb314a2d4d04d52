#!/usr/bin/env node
;import{callAsync as $callAsync,detach as $detach,state as $S}from"fibril/green/runtime";let $1;import { sleep } from 'fibril/green'
;($1=sleep,$1=$callAsync($1,void 0,1),$S.machine.registers.op!==null?await $detach():$1)
console.log('after')

