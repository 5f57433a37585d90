/** A chain as text: a line a link, the break in full, one fix. */
import type { Evidence, LinkName, Verdict } from '../chain/verdict.ts'
import type { WhyReport } from '../chain/views/why.ts'
import { type CliContext, paint } from './context.ts'

/** What each link is called. */
export const titles: Readonly<Record<LinkName, string>> = {
  'service-account': 'ServiceAccount',
  injection: 'injection',
  token: 'token',
  provider: 'OIDC provider',
  trust: 'trust policy',
  session: 'session',
  permissions: 'permissions',
  resource: 'resource',
}

const nameWidth = 16

/** The report as CLI.md draws it. */
export function whyText(context: CliContext, report: WhyReport): string {
  const word = { allowed: 'ALLOWED', denied: 'DENIED', failed: 'FAILED', unknown: 'NOT ASKED YET' }
  const color = report.decision === 'allowed' ? 'green' : 'red'
  const what =
    report.resource === '*' ? `${report.action} on *` : `${report.action} on ${report.resource}`
  const when = report.time ? `, ${report.time.slice(11, 19)}` : ''
  const request = report.requestId ? `, request ${report.requestId}` : ''
  const lines = [
    '',
    `  ${paint(context, [color, 'bold'], word[report.decision])}  ${what}      ${report.subject}${when}${request}`,
    '',
  ]
  let unreached: string[] = []
  const flush = () => {
    if (unreached.length > 0) {
      lines.push(paint(context, 'dim', `  ·  ${unreached.join(', ')}: not reached`))
    }
    unreached = []
  }
  for (const verdict of report.links) {
    if (verdict.verdict === 'not-reached') {
      unreached.push(titles[verdict.link])
      continue
    }
    flush()
    lines.push(...linkLines(context, verdict))
  }
  flush()
  if (report.fix) lines.push('', '  to mend it:', ...report.fix.split('\n').map((l) => `    ${l}`))
  return `${lines.join('\n')}\n\n`
}

function linkLines(context: CliContext, verdict: Verdict): string[] {
  const mark = {
    passed: paint(context, 'green', '✔'),
    refused: paint(context, 'red', '✘'),
    'not-applicable': '·',
    'not-reached': '·',
  }[verdict.verdict]
  const head = `  ${mark} ${titles[verdict.link].padEnd(nameWidth)} ${shownSummary(verdict)}`
  if (verdict.verdict === 'not-applicable') return [paint(context, 'dim', head)]
  if (verdict.verdict !== 'refused') return [head]
  return [head, ...verdict.evidence.flatMap((evidence) => evidenceLines(context, evidence))]
}

/** A verdict's summary as people read it: records are plain in their letters. */
export function shownSummary({ summary }: Verdict): string {
  return summary.replaceAll('...', '…')
}

/** Two values that differ, one above the other, with a mark below what differs. */
function evidenceLines(context: CliContext, evidence: Evidence): string[] {
  const indent = ' '.repeat(nameWidth + 7)
  const { key = '', operator = '', wanted, actual, source = '' } = evidence
  if (wanted === undefined || actual === undefined) {
    const text = [source, key, operator, wanted ?? actual ?? ''].filter((part) => part !== '')
    return text.length === 0 ? [] : [`${indent}${text.join('  ')}`]
  }
  const left = [key, operator].filter((part) => part !== '').join('  ')
  const blank = ' '.repeat(left.length)
  const lead = `${indent}asks  ${left}  `
  const lines = [
    ...(source ? [`${indent}${paint(context, 'dim', source)}`] : []),
    `${lead}${wanted}`,
    `${indent}has   ${key.padEnd(blank.length)}  ${actual}`,
  ]
  const marks = differenceMarks(wanted, actual)
  if (marks) lines.push(paint(context, 'red', `${' '.repeat(lead.length)}${marks}`))
  return lines
}

/** `━` below the part of `actual` that is not in `wanted`, word for word between colons and slashes. */
export function differenceMarks(wanted: string, actual: string): string {
  const parts = (text: string) => text.split(/(?<=[:/])/)
  const [asked, got] = [parts(wanted), parts(actual)]
  if (asked.length !== got.length || asked.length === 1) return ''
  const strip = (part: string) => part.replace(/[:/]$/, '')
  return got
    .map((part, n) => {
      const bare = strip(part)
      const same = strip(asked[n] ?? '') === bare
      return (same ? ' ' : '━').repeat(bare.length) + ' '.repeat(part.length - bare.length)
    })
    .join('')
    .trimEnd()
}
