/** The access tables: for every operation of a service what nobody, a forger, a late-comer, a stranger and a grantee get. */
import { requestFor } from './access-requests.ts'
import { modelOf, type ServiceName, services } from './access-services.ts'
import { type Answer, callers, openWorld } from './access-world.ts'

/** The table of one service as its golden file holds it. */
export async function accessTable(service: ServiceName): Promise<string> {
  await using world = await openWorld()
  const model = modelOf(service)
  const served = Object.entries(services[service] ?? {})
    .filter(([, operation]) => operation !== 'not-implemented')
    .map(([name]) => name)
  const cells = new Map<string, readonly string[]>()
  // What takes away comes last, so that the others still find something.
  const isLast = (name: string) => /^(Delete|Remove|Detach|Disassociate|Abort)/.test(name)
  for (const name of [...served].sort((a, b) => Number(isLast(a)) - Number(isLast(b)))) {
    const request = requestFor(model, name)
    const row: string[] = []
    for (const caller of callers) {
      row.push(cell(await world.ask(service, request, world.credentials[caller])))
    }
    cells.set(name, row)
  }
  const rows = [
    ['operation', ...callers],
    ...served.sort().map((name) => [name, ...(cells.get(name) ?? [])]),
  ]
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths?.[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return `${lines.join('\n')}\n`
}

/** `✔ 200`, `✘ 403 AccessDenied`; `✔ 404 NoSuchEntity` where the caller was let in and then there was nothing. */
function cell({ status, code, text }: Answer): string {
  // A HEAD's refusal has no body that could hold a code.
  const turnedAway =
    refusals.has(code ?? '') ||
    (status >= 400 && code === undefined) ||
    // EC2 misses the key of who does not sign as any other parameter.
    (code === 'MissingParameter' && text.includes('AWSAccessKeyId'))
  return `${turnedAway ? '✘' : '✔'} ${status}${code ? ` ${code}` : ''}`
}

/** Codes by which a caller is turned away, rather than what it asks for. */
const refusals = new Set([
  ...['AuthFailure', 'RequestExpired', 'UnauthorizedOperation'],
  ...['AccessDenied', 'AccessDeniedException', 'ExpiredToken', 'ExpiredTokenException'],
  ...['InvalidSignatureException', 'MissingAuthenticationToken', 'SignatureDoesNotMatch'],
  ...['MissingAuthenticationTokenException'],
])
