import{callAsync as $callAsync,detach as $detach,state as $S}from"fibril/green/runtime";async function f(x) {let $1,$2;
  const y = ($1=get,$1=$callAsync($1,void 0,x),$S.machine.registers.op!==null?await $detach():$1)
  await y
  return ($2=(($1=await x)).m,$2=$callAsync($2,$1,y),$S.machine.registers.op!==null?await $detach():$2)
}
const g = async (x) =>{let $1;return( ($1=get,$1=$callAsync($1,void 0,x),$S.machine.registers.op!==null?await $detach():$1))}
async function* h() {let $1; yield ($1=get,$1=$callAsync($1,void 0,1),$S.machine.registers.op!==null?await $detach():$1) }

// 1: f A, get(…)
// 6: g A, get(…)
// 7: h A, get(…)
