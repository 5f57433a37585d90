/** The agent's first look at a token: can it be one, and is it the time for it? Its signature is EKS Auth's to judge. */

const algorithm = /^(?:[RPEH]S(?:256|384|512)|EdDSA|none)$/

/** What is wrong with the token, in the words of AWS's agent; undefined: nothing. `now` in ms since the epoch. */
export function podTokenProblem(token: string, now: number): string | undefined {
  if (token === '') return 'Service account token cannot be empty'
  const parts = token.split('.')
  if (parts.length !== 3) return unparsable('token contains an invalid number of segments')
  const header = decode(parts[0] ?? '', 'header')
  if ('problem' in header) return unparsable(header.problem)
  const claims = decode(parts[1] ?? '', 'claim')
  if ('problem' in claims) return unparsable(claims.problem)
  const { alg } = header.value
  if (typeof alg !== 'string' || !algorithm.test(alg)) {
    const why = typeof alg === 'string' ? 'unavailable' : 'unspecified'
    return `Service account token cannot be parsed: token is unverifiable: signing method (alg) is ${why}`
  }
  const { exp, nbf } = claims.value
  const seconds = now / 1000
  const problems = [
    ...(typeof exp === 'number' && seconds >= exp ? ['token is expired'] : []),
    ...(typeof nbf === 'number' && seconds < nbf ? ['token is not valid yet'] : []),
  ]
  return problems.length === 0
    ? undefined
    : `Service account token failed basic claim validations: token has invalid claims: ${problems.join(', ')}`
}

function unparsable(why: string): string {
  return `Service account token cannot be parsed: token is malformed: ${why}`
}

function decode(
  text: string,
  part: 'header' | 'claim',
): { value: Readonly<Record<string, unknown>> } | { problem: string } {
  const bad = text.search(/[^A-Za-z0-9_-]/)
  if (bad >= 0 || text.length % 4 === 1) {
    const at = bad >= 0 ? bad : text.length - 1
    return {
      problem: `could not base64 decode ${part}: illegal base64 data at input byte ${at}`,
    }
  }
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return { value: value as Readonly<Record<string, unknown>> }
    }
    return { problem: `could not JSON decode ${part}: not an object` }
  } catch (error) {
    const why = error instanceof Error ? error.message.slice(0, 80) : ''
    return { problem: `could not JSON decode ${part}: ${why}` }
  }
}
