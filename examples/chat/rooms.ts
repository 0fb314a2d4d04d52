import { Member } from './member.ts'

/** Who is here, and in which room. */
export class Rooms {
  private readonly rooms = new Map<string, Set<Member>>()
  private readonly roomOf = new Map<Member, string>()
  private readonly names = new Set<string>()

  /** A member of that name, or why there cannot be one. */
  admit(name: string): Member | string {
    if (!/^[\w-]{1,20}$/.test(name)) return 'a name has 1 to 20 letters, digits, "-" or "_"'
    if (this.names.has(name)) return `somebody is called ${name} already`
    this.names.add(name)
    return new Member(name)
  }

  /** From the room where the member was, if any, to another, which is made if need be. */
  move(member: Member, to: string): void {
    this.leave(member)
    const there = this.rooms.get(to) ?? new Set()
    this.rooms.set(to, there.add(member))
    this.roomOf.set(member, to)
    this.say(member, `* ${member.name} is here`)
    member.tell(`* you are in ${to}, with ${there.size - 1} others`)
  }

  /** Tells all others in the member's room. */
  say(member: Member, line: string): void {
    for (const other of this.around(member)) if (other !== member) other.tell(line)
  }

  /** All in the member's room, the member as well. */
  around(member: Member): ReadonlySet<Member> {
    return this.rooms.get(this.roomOf.get(member) ?? '') ?? new Set()
  }

  dismiss(member: Member): void {
    this.leave(member)
    this.names.delete(member.name)
  }

  private leave(member: Member): void {
    const from = this.roomOf.get(member)
    if (from === undefined) return
    this.say(member, `* ${member.name} has left`)
    const there = this.rooms.get(from) as Set<Member>
    there.delete(member)
    if (there.size === 0) this.rooms.delete(from)
    this.roomOf.delete(member)
  }
}
