/* Compiles one program, in a process of its own: `node compile.mjs '{"url": …, "said": …, "onlyGenerators": …}'`. */
import { readFileSync, writeSync } from 'node:fs'
import { loadCompiler } from './compiled.mjs'

const { url, said, onlyGenerators } = JSON.parse(process.argv[2])
const text = readFileSync(new URL(url), 'utf8')
const source = said ? text : text.replaceAll('// @fibril parks', '')
const compile = await loadCompiler()
const { code, functions } = compile(source, { url, language: 'js', onlyGenerators })
writeSync(1, JSON.stringify({ code, functions }))
