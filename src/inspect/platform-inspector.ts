/**
 * The platform's inspector, within this process: it knows where a generator stands, what names are in scope there, and all
 * objects that live. Here it answers at once, before `post` returns. There is none on Bun and Deno, nor under a permission
 * model that withholds it.
 */
import type { Debugger, InspectorNotification, Runtime, Session } from 'node:inspector'

// Put where an expression of the inspector can find it, for the length of one question.
const DESK = Symbol.for('fibril.inspect.desk')
const onDesk = `globalThis[Symbol.for('${DESK.description}')]`
const objectGroup = 'fibril.inspect'

export class PlatformInspector implements Disposable {
  private readonly session: Session

  private constructor(session: Session) {
    this.session = session
  }

  /** Null where there is none. */
  static open(): PlatformInspector | null {
    try {
      const { Session } = process.getBuiltinModule('node:inspector') as typeof import('node:inspector')
      const session = new Session()
      session.connect()
      return new PlatformInspector(session)
    } catch {
      return null
    }
  }

  /** Tells of each script that there is, and that comes. */
  watchScripts(tell: (id: string, url: string) => void): void {
    this.session.on('Debugger.scriptParsed', ({ params }: InspectorNotification<Debugger.ScriptParsedEventDataType>) =>
      tell(params.scriptId, params.url),
    )
    this.ask('Debugger.enable', {})
  }

  /** Shows the inspector a thing: `use` is given the inspector's id of it, which is good until it returns. */
  show<R>(thing: object, use: (objectId: string) => R): R {
    const desk = globalThis as unknown as Record<symbol, unknown>
    desk[DESK] = thing
    try {
      const { result } = this.ask<Runtime.EvaluateReturnType>('Runtime.evaluate', { expression: onDesk, objectGroup })
      return use(result.objectId as string)
    } finally {
      this.ask('Runtime.releaseObjectGroup', { objectGroup })
      delete desk[DESK]
    }
  }

  properties(objectId: string): Runtime.GetPropertiesReturnType {
    return this.ask('Runtime.getProperties', { objectId, ownProperties: true })
  }

  /** All living objects whose class is `made`, or derived from it. Collects garbage. */
  livingOf<T>(made: abstract new (...args: never[]) => T): T[] {
    return this.show(made.prototype as object, (prototypeObjectId) => {
      const { objects } = this.ask<Runtime.QueryObjectsReturnType>('Runtime.queryObjects', {
        prototypeObjectId,
        objectGroup,
      })
      // The other way round: the inspector lays them on the desk.
      const functionDeclaration = `function () { ${onDesk} = this }`
      this.ask('Runtime.callFunctionOn', { objectId: objects.objectId, functionDeclaration })
      const found = (globalThis as unknown as Record<symbol, T[]>)[DESK] as T[]
      // Prototypes of derived classes have this one above them as well.
      return found.filter((one) => !Object.hasOwn(one as object, 'constructor'))
    })
  }

  private ask<R>(method: string, params: object): R {
    let answer: R | undefined
    this.session.post(method, params, (error: Error | null, result?: object) => {
      if (error === null) answer = result as R
    })
    if (answer === undefined) throw new Error(`the inspector did not answer ${method}`)
    return answer
  }

  [Symbol.dispose](): void {
    this.session.disconnect()
  }
}
