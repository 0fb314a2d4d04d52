// A process that the inspector's page is opened for: node watched.js PROGRAM [ARGUMENT …]. It says the address, and then runs the program.
import { pathToFileURL } from 'node:url'
import { inspect } from '../../../src/inspect/index.ts'

const { url } = inspect()
console.log(url)
const [program = ''] = process.argv.splice(2, 1)
await import(pathToFileURL(program).href)
