/** Entry of the stand-ins that run in pods: `main.ts psql …`, `main.ts curl …`, `main.ts aws …`. */
import { readEnvironment } from '../../config/env.ts'
import type { CliContext } from '../context.ts'
import { runAws } from './aws.ts'
import { runCurl } from './curl.ts'
import { runPsql } from './psql.ts'

const context: CliContext = {
  environment: readEnvironment(),
  stdout: process.stdout,
  stderr: process.stderr,
  color: false,
  userId: process.getuid?.() ?? 0,
  now: () => Date.now(),
}

const [name = '', ...words] = process.argv.slice(2)
const programs = { aws: runAws, curl: runCurl, psql: runPsql }
const program = Object.entries(programs).find(([known]) => known === name)?.[1]
process.exitCode = program ? await program(context, words) : 127
