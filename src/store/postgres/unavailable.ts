/** The answer to a write while the database is out of reach. */
import { Refusal } from '../../kernel/refusal.ts'

/** A client sees AWS's words and tries again; whether a write that broke off was done is then unknown, as it is with AWS. */
export function unavailable(why: string): Refusal {
  return new Refusal('The request has failed due to a temporary failure of the server.', {
    code: 'ServiceUnavailable',
    status: 503,
    facts: { why },
  })
}
