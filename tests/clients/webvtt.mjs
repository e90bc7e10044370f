// Reads a JSON list of WebVTT files from standard input, and writes the problems that the W3C's validator finds in each.
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import webvtt from 'webvtt-parser'

const entities = JSON.parse(readFileSync('node_modules/webvtt-parser/html-entities.json'))
const files = JSON.parse(await text(process.stdin))
const problems = files.map((file) =>
  new webvtt.WebVTTParser(entities).parse(file, 'subtitles').errors.map((error) => error.message),
)
console.log(JSON.stringify(problems))
