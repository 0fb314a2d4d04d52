/* An unrelated program that burns a core until it is killed; or, given any argument, only what nobody else wants of it. */
import { setPriority } from 'node:os'
import { fib } from './fib.mjs'

if (process.argv.length > 2) setPriority(19)
process.send('burning')
for (;;) fib(20)
