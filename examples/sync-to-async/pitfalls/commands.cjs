const { execFileSync } = require('node:child_process')

exports.run = () => execFileSync(process.execPath, ['-e', ''])
