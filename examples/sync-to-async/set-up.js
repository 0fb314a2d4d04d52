// node examples/sync-to-async/set-up.js [down]         makes the tables anew, or removes them
import { setUp, tearDown } from './business/orders.js'

if (process.argv[2] === 'down') tearDown()
else setUp()
process.exit()
