import{PARK as $P,call as $call,constructed as $constructed,constructing as $constructing,declareParking as $compiled,leave as $leave,notCallable as $not,resumedValue as $v,state as $S,takeMade as $takeMade}from"fibril/green/runtime";class A {static{$compiled(this)}
  #x = 1
  constructor($p0){if($S.made!==null)return $takeMade();const $b=$constructing(A,A.#$new_A),$o=A.#$new_A.call(this,$p0);return $S.machine.registers.op===null?$o:$constructed($b)}static #$new_A(x) {let $s=$S,$d=$s.next,$p=0,$r=null,$w,$q,$x,$1;$s.next=0;if($d>0)$d++;else if($d<0){$r=$s.machine.registers.resuming,$d=$r.depth,$p=$r.place,$w=$r.value,$q=$r.saved,x=$q[0]}
    if(($p?$p===1&&($p=0,$1=$v($w),!1):($s.callees[$d]=get,$s.next=$d,$1=get(x),$s.machine.registers.op!==null&&($r===null?$leave($d,1,[x],this,1):($r.place=1),!0))))return $P;this.x = $1
  }
  m(a, b = 2) {let $s=$S,$d=$s.next,$p=0,$r=null,$w,$q,$x,$1,$2;$s.next=0;if($d>0)$d++;else if($d<0){$r=$s.machine.registers.resuming,$d=$r.depth,$p=$r.place,$w=$r.value,$q=$r.saved,a=$q[0],b=$q[1]}
    if(($p?$p===2&&($p=0,$2=$v($w),!1):($2=this.#n,$s.callees[$d]=typeof $2=="function"?$2:$not("this.#n"),$s.next=$d,$2=$call($2,this,a),$s.machine.registers.op!==null&&($r===null?$leave($d,2,[a,b],this):($r.place=2),!0))))return $P;return $2 + b
  }
  #n(a) {let $s=$S,$d=$s.next,$p=0,$r=null,$w,$q,$x,$1,$2;$s.next=0;if($d>0)$d++;else if($d<0){$r=$s.machine.registers.resuming,$d=$r.depth,$p=$r.place,$w=$r.value,$q=$r.saved,a=$q[0]}
    if(($p?$p===3&&($p=0,$1=$v($w),!1):($1=get(($2=this.#x + a,$s.callees[$d]=get,$s.next=$d,$2)),$s.machine.registers.op!==null&&($r===null?$leave($d,3,[a],this):($r.place=3),!0))))return $P;return $1
  }
  static s() {let $s=$S,$d=$s.next,$p=0,$r=null,$w,$q,$x,$1,$2,$3;$s.next=0;if($d>0)$d++;else if($d<0){$r=$s.machine.registers.resuming,$d=$r.depth,$p=$r.place,$w=$r.value,$q=$r.saved,$1=$q[0],$2=$q[1]}
    if(($p?$p===4&&($p=0,$1=$v($w),!1):($s.callees[$d]=A,$s.next=$d,$1=new A(1),$s.machine.registers.op!==null&&($r===null?$leave($d,4,[]):($r.place=4),!0)))||!$p&&($2=$1.m,!1)||($p?$p===5&&($p=0,$3=$v($w),!1):($s.callees[$d]=typeof $2=="function"?$2:$not("new A(1).m"),$s.next=$d,$3=$call($2,$1,2),$s.machine.registers.op!==null&&($r===null?$leave($d,5,[$1,$2]):($q[0]=$1,$q[1]=$2,$r.place=5),!0))))return $P;return $3
  }
  get v() {let $s=$S,$d=$s.next,$p=0,$r=null,$w,$q,$x,$1;$s.next=0;if($d>0)$d++;else if($d<0){$r=$s.machine.registers.resuming,$d=$r.depth,$p=$r.place,$w=$r.value,$q=$r.saved} if(($p?$p===6&&($p=0,$1=$v($w),!1):($s.callees[$d]=get,$s.next=$d,$1=get(1),$s.machine.registers.op!==null&&($r===null?$leave($d,6,[]):($r.place=6),!0))))return $P;return $1 }
}
const o = {
  m() {let $s=$S,$d=$s.next,$p=0,$r=null,$w,$q,$x,$1,$2,$3,$4;$s.next=0;if($d>0)$d++;else if($d<0){$r=$s.machine.registers.resuming,$d=$r.depth,$p=$r.place,$w=$r.value,$q=$r.saved,$1=$q[0],$2=$q[1]} if(($p?$p===7&&($p=0,$2=$v($w),!1):($2=super.toString,$s.callees[$d]=typeof $2=="function"?$2:$not("super.toString"),$s.next=$d,$2=$call($2,this),$s.machine.registers.op!==null&&($r===null?$leave($d,7,[],this):($r.place=7),!0)))||($p?$p===8&&($p=0,$4=$v($w),!1):($4=this['k'],$s.callees[$d]=typeof $4=="function"?$4:$not("this['k']"),$s.next=$d,$4=$call($4,this,1),$s.machine.registers.op!==null&&($r===null?$leave($d,8,[$1,$2],this):($q[0]=$1,$q[1]=$2,$r.place=8),!0))))return $P;return $2 + $4 },
  k: function (x) {let $s=$S,$d=$s.next,$p=0,$r=null,$w,$q,$x,$1;$s.next=0;if($d>0)$d++;else if($d<0){$r=$s.machine.registers.resuming,$d=$r.depth,$p=$r.place,$w=$r.value,$q=$r.saved,x=$q[0]} if(($p?$p===9&&($p=0,$1=$v($w),!1):($s.callees[$d]=get,$s.next=$d,$1=get(x),$s.machine.registers.op!==null&&($r===null?$leave($d,9,[x],this,new.target):($r.place=9),!0))))return $P;return $1 },
}

// 2: x untouched
// 3: constructor B, get(…)
// 6: m B, .n(…)
// 9: n B, get(…)
// 12: s B, .m(…)
// 15: v B, get(…)
// 18: m B, .toString(…)
// 19: k B, get(…)
