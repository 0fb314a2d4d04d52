#!/usr/bin/env node
;import{callAsync as $callAsync,detach as $detach,machine as $m}from"fibril/green/runtime";let $1;import { sleep } from 'fibril/green'
;($1=sleep,$1=$callAsync($1,void 0,1),$m.registers.op!==null?await $detach():$1)
console.log('after')

