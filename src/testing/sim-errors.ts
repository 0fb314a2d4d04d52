/** What a platform would give, with its code. */
export function systemError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

export function hostIsDown(name: string): Error {
  return systemError('EHOSTDOWN', `the host ${name} has crashed`)
}
