export enum Kind { A, B }
export class P {
  constructor(private readonly kind: Kind) {}
  read(): number {
    return get(this.kind)
  }
}
