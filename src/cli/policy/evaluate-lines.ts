/** `podpass policy eval --lines`: a case a line in, an answer a line out, for millions. */
import { type CaseAnswer, evaluateCase } from '../../kernel/policy/policy.ts'
import type { Output } from '../context.ts'

/** A line longer than this is refused instead of being held. */
const lineLengthMax = 8 * 1024 * 1024
/** Answers are written in pieces of about this many characters. */
const writtenAtOnce = 64 * 1024

/** Answers every line; the result is the number of lines that were no case. Empty lines are skipped. */
export async function evaluateLines(
  input: AsyncIterable<string>,
  output: Output,
  options: { readonly explain: boolean },
): Promise<number> {
  let faulty = 0
  let rest = ''
  let answers = ''
  const answer = (line: string) => {
    if (line.trim() === '') return
    const result = answerLine(line, options)
    if ('error' in result) faulty++
    answers += `${JSON.stringify(result)}\n`
    if (answers.length < writtenAtOnce) return
    output.write(answers)
    answers = ''
  }
  for await (const chunk of input) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) answer(line)
    if (rest.length > lineLengthMax) {
      answers += `${JSON.stringify({ error: `a line longer than ${lineLengthMax} characters` })}\n`
      faulty++
      break
    }
  }
  if (rest.length <= lineLengthMax) answer(rest)
  output.write(answers)
  return faulty
}

function answerLine(line: string, options: { readonly explain: boolean }): CaseAnswer {
  try {
    return evaluateCase(JSON.parse(line), options)
  } catch (error) {
    if (error instanceof SyntaxError) return { error: `no JSON: ${error.message}` }
    throw error
  }
}
