import{PARK as $P,leave as $leave,resumedValue as $v,state as $S}from"fibril/green/runtime";export var Kind = /*#__PURE__*/ function(Kind) {
    Kind[Kind["A"] = 0] = "A";
    Kind[Kind["B"] = 1] = "B";
    return Kind;
}({});
export class P {
    kind;
    constructor(kind){
        this.kind = kind;
    }
    read() {let $s=$S,$d=$s.next,$p=0,$r=null,$w,$q,$x,$1,$2;$s.next=0;if($d>0)$d++;else if($d<0){$r=$s.machine.registers.resuming,$d=$r.depth,$p=$r.place,$w=$r.value,$q=$r.saved}
        if(($p?$p===1&&($p=0,$1=$v($w),!1):($1=get(($2=this.kind,$s.callees[$d]=get,$s.next=$d,$2)),$s.machine.registers.op!==null&&($r===null?$leave($d,1,[],this):($r.place=1),!0))))return $P;return $1;
    }
}

// 1: anonymous untouched
// 8: constructor untouched
// 11: read B, get(…)
