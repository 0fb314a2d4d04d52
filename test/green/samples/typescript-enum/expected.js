import{callees as $c,enter as $enter,machine as $m,resumedValue as $v,state as $s}from"fibril/green/runtime";var $g$1;export var Kind = /*#__PURE__*/ function(Kind) {
    Kind[Kind["A"] = 0] = "A";
    Kind[Kind["B"] = 1] = "B";
    return Kind;
}({});
export class P {
    kind;
    constructor(kind){
        this.kind = kind;
    }
    read(){return $enter($s.next,$s.next=0,($g$1??=function*() {let $d=$s.depth,$1,$2;
        return ($1=get(($2=this.kind,$c[$d]=get,$s.next=$d,$2)),$m.registers.op?$v(yield):$1);
    }).call(this),void 0)}
}

// 1: anonymous untouched
// 8: constructor untouched
// 11: read A, get(…)
