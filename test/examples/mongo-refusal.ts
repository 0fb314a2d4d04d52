/** What the server for tests refuses, as the real one does. */
export class Refusal extends Error {
  readonly serverCode: number
  readonly codeName: string

  constructor(serverCode: number, codeName: string, message: string) {
    super(message)
    this.serverCode = serverCode
    this.codeName = codeName
  }
}
