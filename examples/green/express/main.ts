// fibril run examples/green/express/main.ts        then try: curl 'http://127.0.0.1:8000/fail'
//
// An Express app whose handlers block: `const row = query(…)`, and `response.json(row)`. Express is as it was installed. Each
// handler is wrapped in `green`, which makes it an async function; what it throws goes to Express's error handling.
import type { AddressInfo } from 'node:net'
import { green } from 'fibril/green'
import { makeApp } from './app.ts'

const server = makeApp(green).listen(Number(process.env['PORT'] ?? 8000), '127.0.0.1', () => {
  console.log(`listening on :${(server.address() as AddressInfo).port}`)
})
