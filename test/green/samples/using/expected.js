import{advance as $advance,begin as $begin,call as $call,callAsync as $callAsync,close as $close,delegate as $delegate,detach as $detach,dispose as $dispose,enterAgain as $enterAgain,fail as $fail,notCallable as $not,open as $open,poolOf as $pool,resources as $resources,resumedValue as $v,state as $S,twin as $twin}from"fibril/green/runtime";var $g$1,$g$3;// Blocks, loops, generators and async functions that dispose of something.
import { open } from './files.js'

export function copy($p0,$p1){"use strict";return $enterAgain($S.next,$S.next=0,$g$1??=$pool(copy$2),new.target===void 0?void 0:this,$S.p0=$p0,$S.p1=$p1)} function*copy$2(){"use strict";let $s=$S,$r;for(;;){$l:{let $d=$s.depth,$1,$2,$3,$4,$5;let from=$s.p0, to=$s.p1; {
  'use strict';const $u=$resources();try{
  const source = $u.use(($s.callees[$d]=open,$s.next=$d,$1=open(from),$s.machine.registers.op!==null?$v(yield 2):$1),false), none = $u.use(null,false)
  {const $u=$resources();try{
    const target = $u.use(($s.callees[$d]=open,$s.next=$d,$1=open(to),$s.machine.registers.op!==null?$v(yield 4):$1),false)
    ;($2=target.write,$2=$call($2,target,($3=($5=source.read,$s.callees[$d]=typeof $5=="function"?$5:$not("source.read"),$s.next=$d,$5=$call($5,source),$s.machine.registers.op!==null?$v(yield 5):$5),$s.callees[$d]=typeof $2=="function"?$2:$not("target.write"),$s.next=$d,$3)),$s.machine.registers.op!==null?$v(yield 6):$2)
  }catch($e){$s.next=0;$u.failed($e)}finally{$s.next=0;($s.callees[$d]=$dispose,$s.next=$d,$1=$dispose($u),$s.machine.registers.op!==null?$v(yield 3):$1)}}
  {$r= source.size;break $l}
}catch($e){$s.next=0;$u.failed($e)}finally{$s.next=0;($s.callees[$d]=$dispose,$s.next=$d,$1=$dispose($u),$s.machine.registers.op!==null?$v(yield 1):$1)}}$r=void 0}yield $r}}

export function each($p0){return $enterAgain($S.next,$S.next=0,$g$3??=$pool(each$4),new.target===void 0?void 0:this,$S.p0=$p0)} function*each$4(){let $s=$S,$r;for(;;){$l:{let $d=$s.depth,$1,$2,$3;let paths=$s.p0; {
  {let $i$5=($1=( ($3=$twin(paths.map),$s.callees[$d]=typeof $3=="function"?$3:$not("paths.map"),$s.next=$d,$3=$call($3,paths,open),$s.machine.registers.op!==null?$v(yield 7):$3)),($s.callees[$d]=$open,$s.next=$d,$2=$open($1),$s.machine.registers.op!==null?$v(yield 8):$2));try{all:for(;($s.callees[$d]=$advance,$s.next=$d,$2=$advance($i$5),$s.machine.registers.op!==null?$v(yield 9):$2);){const file=$i$5.value;const $u=$resources();try{$u.use(file,false); {
    {const $u=$resources();try{for (const inner = $u.use(($1=open(($2=file.path,$s.callees[$d]=open,$s.next=$d,$2)),$s.machine.registers.op!==null?$v(yield 12):$1),false); ; ) {
      if (($2=inner.read,$s.callees[$d]=typeof $2=="function"?$2:$not("inner.read"),$s.next=$d,$2=$call($2,inner),$s.machine.registers.op!==null?$v(yield 13):$2)) continue all
      break
    }}catch($e){$s.next=0;$u.failed($e)}finally{$s.next=0;($s.callees[$d]=$dispose,$s.next=$d,$1=$dispose($u),$s.machine.registers.op!==null?$v(yield 11):$1)}}
  };}catch($e){$s.next=0;$u.failed($e)}finally{$s.next=0;($s.callees[$d]=$dispose,$s.next=$d,$1=$dispose($u),$s.machine.registers.op!==null?$v(yield 10):$1)}}}catch($e$6){$s.next=0;if($i$5.open)($s.callees[$d]=$fail,$s.next=$d,$1=$fail($i$5),$s.machine.registers.op!==null?$v(yield 14):$1);throw $e$6}finally{$s.next=0;if($i$5.open)($s.callees[$d]=$close,$s.next=$d,$1=$close($i$5),$s.machine.registers.op!==null?$v(yield 15):$1)}}
}$r=void 0}yield $r}}

export function* lines(path) {let $k=$begin(),$1,$2,$3;const $u=$resources();try{
  const file = $u.use(($S.callees[$k.depth]=open,$S.next=$k.depth,$1=open(path),$S.machine.registers.op!==null?$v(yield 17):$1),false)
  ;(yield* ($1=($3=file.lines,$S.callees[$k.depth]=typeof $3=="function"?$3:$not("file.lines"),$S.next=$k.depth,$3=$call($3,file),$S.machine.registers.op!==null?$v(yield 18):$3),$delegate($k,$1)))
}catch($e){$S.next=0;$u.failed($e)}finally{$S.next=0;($S.callees[$k.depth]=$dispose,$S.next=$k.depth,$1=$dispose($u),$S.machine.registers.op!==null?$v(yield 16):$1)}}

export async function later(path) {let $1,$2;const $u=$resources();try{
  const file = $u.use(($1=open,$1=$callAsync($1,void 0,path),$S.machine.registers.op!==null?await $detach():$1),true)
  return await ($2=file.read,$2=$callAsync($2,file),$S.machine.registers.op!==null?await $detach():$2)
}catch($e){$S.next=0;$u.failed($e)}finally{$S.next=0;while(($1=$callAsync($dispose,void 0,$u),$S.machine.registers.op!==null?await $detach():$1))try{await $u.awaited}catch($e){$u.failed($e)}}}

// @fibril never-parks
export function plainly(lock) {const $u=$resources();try{
  const held = $u.use(lock,false)
  return held.value
}catch($e){$u.failed($e)}finally{$dispose($u)}}

// 4: copy A, using
// 14: each A, for…of
// 23: lines A, using
// 28: later A, await using
// 34: plainly untouched
