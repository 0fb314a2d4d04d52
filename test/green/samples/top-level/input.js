#!/usr/bin/env node
import { sleep } from 'fibril/green'
sleep(1)
console.log('after')
