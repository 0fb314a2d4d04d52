// A reporter for `node --test`: a run in which every test was skipped, or in which the files hold no test at all, is
// green for Node. Here it fails, for it has shown nothing.

/** @param {AsyncIterable<{ type: string, data: any }>} events */
export default async function* failWhenNoneRan(events) {
  let ran = 0
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue
    const isSuite = data.details?.type === 'suite'
    // A file without tests is reported as one passing test, named after the file.
    const isFile = data.nesting === 0 && data.name.endsWith('.test.js')
    const isSkipped = data.skip !== undefined
    if (type === 'test:fail' || !(isSuite || isFile || isSkipped)) ran++
  }
  if (ran > 0) return
  process.exitCode = 1
  yield '\nNo test ran.\n'
}
