/** What the policy commands read: files, standard input, JSON and YAML. */
import { readFileSync } from 'node:fs'
import type { LintData } from '../../kernel/policy/policy.ts'
import { CliFailure, exitCodes } from '../failure.ts'

/** Standard input as the commands take it: UTF-8 text in pieces. */
export type Input = AsyncIterable<string>

/** This process's standard input, opened only when a command reads it. */
export async function* standardInput(): Input {
  process.stdin.setEncoding('utf8')
  for await (const piece of process.stdin) yield String(piece)
}

/** The text of a file, or of standard input for `-`. */
export async function readText(file: string, stdin: Input): Promise<string> {
  if (file !== '-') return readFile(file)
  let text = ''
  for await (const piece of stdin) text += piece
  return text
}

export function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unreadable'
    const message = `cannot read \`${file}\`: ${reason}`
    throw new CliFailure(message, { exitCode: exitCodes.usage, cause })
  }
}

export function parseJsonText(source: string, file: string): unknown {
  try {
    return JSON.parse(source)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : ''
    const message = `\`${file}\` is no JSON: ${reason}`
    throw new CliFailure(message, { exitCode: exitCodes.usage, cause })
  }
}

/** YAML, of which JSON is a part. */
export async function parseYamlText(source: string, file: string): Promise<unknown> {
  const { parse } = await import('yaml')
  try {
    return parse(source, { maxAliasCount: 100 })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : ''
    const message = `\`${file}\` is no YAML: ${reason}`
    throw new CliFailure(message, { exitCode: exitCodes.usage, cause })
  }
}

/** AWS's actions and condition keys, as committed. */
export async function readLintData(): Promise<LintData> {
  const { brotliDecompressSync } = await import('node:zlib')
  const file = new URL('../../../data/iam-actions.json.br', import.meta.url)
  return JSON.parse(brotliDecompressSync(readFileSync(file)).toString()) as LintData
}
