'use strict'
const { sleep } = require('fibril/green')
sleep(1)
exports.x = this // the end
