import{PARK as $P,call as $call,enterAgain as $enterAgain,leave as $leave,list as $list,notCallable as $not,poolOf as $pool,resumedValue as $v,state as $S,template as $template,twin as $twin}from"fibril/green/runtime";var $g$1;function f($p0,$p1){return $enterAgain($S.next,$S.next=0,$g$1??=$pool(f$2),new.target===void 0?void 0:this,$S.p0=$p0,$S.p1=$p1)} function*f$2(){let $s=$S,$r;for(;;){$l:{let $d=$s.depth,$1,$2,$3,$4,$5,$6;let o=$s.p0, a=$s.p1; {
  ;(($1=(($2=o)==null?void 0:$2.m))==null?void 0:($1 ,$s.callees[$d]=typeof $1=="function"?$1:$not("o?.m"),$s.next=$d,$1=$call($1,$2,a),$s.machine.registers.op!==null?$v(yield 1):$1))
  ;(($1=(($2=o.p)==null?void 0:($4=$2.q,$4=$call($4,$2,($5=($s.callees[$d]=get,$s.next=$d,$6=get(a),$s.machine.registers.op!==null?$v(yield 2):$6),$s.callees[$d]=typeof $4=="function"?$4:$not("o.p?.q"),$s.next=$d,$5)),$s.machine.registers.op!==null?$v(yield 3):$4)))==null?void 0:$1.r)
  ;($1=get(a, ($2=($s.callees[$d]=get,$s.next=$d,$3=get(o),$s.machine.registers.op!==null?$v(yield 4):$3),$s.callees[$d]=get,$s.next=$d,$2), 1),$s.machine.registers.op!==null?$v(yield 5):$1)
  ;;($1=(($s.callees[$d]=get,$s.next=$d,$2=get(a),$s.machine.registers.op!==null?$v(yield 6):$2)),$s.callees[$d]=$1,$s.next=$d,$1=$1(o),$s.machine.registers.op!==null?$v(yield 7):$1)
  ;($1= o.C,$1=new $1(...($2=($3=(a),($s.callees[$d]=$list,$s.next=$d,$4=$list($3),$s.machine.registers.op!==null?$v(yield 8):$4)),$s.callees[$d]=$1,$s.next=$d,$2)),$s.machine.registers.op!==null?$v(yield 9):$1)
  ;($2=$twin(($1=o.list).map),$s.callees[$d]=typeof $2=="function"?$2:$not("o.list.map"),$s.next=$d,$2=$call($2,$1,(x) =>{let $s=$S,$d=$s.next,$p=0,$r=null,$w,$q,$x,$1;$s.next=0;if($d>0)$d++;else if($d<0){$r=$s.machine.registers.resuming,$d=$r.depth,$p=$r.place,$w=$r.value,$q=$r.saved,x=$q[0]}if(($p?$p===10&&($p=0,$1=$v($w),!1):($s.callees[$d]=get,$s.next=$d,$1=get(x),$s.machine.registers.op!==null&&($r===null?$leave($d,10,[x]):($r.place=10),!0))))return $P;return($1)}),$s.machine.registers.op!==null?$v(yield 11):$2)
  ;($2=o.tag,$3=$template`a${a}`,$s.callees[$d]=$2,$s.next=$d,$2=$call($2,o,...$3),$s.machine.registers.op!==null?$v(yield 12):$2)
  {$r= ($2=($1=($4=o
    .first,$s.callees[$d]=typeof $4=="function"?$4:$not("o .first"),$s.next=$d,$4=$call($4,o,a),$s.machine.registers.op!==null?$v(yield 13):$4))
    .second,$s.callees[$d]=typeof $2=="function"?$2:$not("o .first(a) .second"),$s.next=$d,$2=$call($2,$1),$s.machine.registers.op!==null?$v(yield 14):$2);break $l}
}$r=void 0}yield $r}}

// 1: f A, .m(…)
// 7: anonymous B, get(…)
