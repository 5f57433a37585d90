/** How many signatures a second one core verifies. Prints figures and a hash of the result; `--small` for the tests. */
import { createHash } from 'node:crypto'
import { claimedSignature } from '../src/kernel/sigv4/authorization.ts'
import { emptyHash } from '../src/kernel/sigv4/canonical-request.ts'
import { signHeaders } from '../src/kernel/sigv4/sign.ts'
import { SigningKeys } from '../src/kernel/sigv4/signing-key.ts'
import { parseQuery } from '../src/kernel/sigv4/uri.ts'
import { verifySignature } from '../src/kernel/sigv4/verify.ts'

const rounds = process.argv.includes('--small') ? 500 : 300_000
const requestsCount = 100
const at = Date.UTC(2026, 0, 1)

const requests = Array.from({ length: requestsCount }, (_, n) => {
  const credentials = { accessKeyId: `AKIA${n}`, secretAccessKey: `secret-${n}` }
  const rawPath = `/bucket/key-${n}`
  const signed = { host: '127.0.0.1:4566', 'amz-sdk-invocation-id': `${n}` }
  const headers = signHeaders({
    method: 'GET',
    rawPath,
    headers: signed,
    region: 'r',
    service: 's3',
    credentials,
    at,
  })
  const request = {
    method: 'GET',
    rawPath,
    rawQuery: '',
    headers: new Map(Object.entries(headers)),
  }
  return { request, secretAccessKey: credentials.secretAccessKey }
})

const keys = new SigningKeys()
let valid = 0
const started = process.cpuUsage()
for (let i = 0; i < rounds; i++) {
  const one = requests[i % requestsCount]
  if (!one) break
  const query = parseQuery(one.request.rawQuery)
  const claimed = claimedSignature(one.request, query)
  if (!claimed || 'problem' in claimed) break
  const { secretAccessKey, request } = one
  const result = verifySignature({
    request,
    query,
    claimed,
    secretAccessKey,
    payloadHash: emptyHash,
    keys,
  })
  if (result.valid) valid++
}
const used = process.cpuUsage(started)
const seconds = (used.user + used.system) / 1e6
const digest = createHash('sha256').update(`${valid}/${rounds}`).digest('hex').slice(0, 16)
process.stdout.write(
  `sigv4 verify: ${Math.round(rounds / seconds)} per CPU second, ${valid} of ${rounds} valid, hash ${digest}\n`,
)
if (valid !== rounds) process.exitCode = 1
