/** Requests from files: eval cases, bare requests, and CloudTrail's records of what happened. */

/** One request and what to call it; `given` is an eval case. */
export interface NamedCase {
  readonly name: string
  readonly given: Readonly<Record<string, unknown>>
}

type Fields = Readonly<Record<string, unknown>>

/**
 * Reads a list of requests: JSON (one value or a list), JSON lines, CloudTrail's `{"Records": […]}` or the output of
 * `aws cloudtrail lookup-events`. Values that are none of these are left out.
 */
export function readRequests(values: readonly unknown[]): NamedCase[] {
  return values.flatMap((value) => {
    if (Array.isArray(value)) return readRequests(value as unknown[])
    if (!isFields(value)) return []
    if (Array.isArray(value['Records'])) return readRequests(value['Records'] as unknown[])
    if (Array.isArray(value['Events'])) return readRequests(value['Events'] as unknown[])
    if (Array.isArray(value['cases'])) return readRequests(value['cases'] as unknown[])
    if (typeof value['CloudTrailEvent'] === 'string') {
      return readRequests([JSON.parse(value['CloudTrailEvent']) as unknown])
    }
    if (isFields(value['userIdentity'])) return fromCloudTrail(value, value['userIdentity'])
    const given = isFields(value['request']) ? value : { request: value }
    const request = given['request'] as Fields
    if (typeof request['action'] !== 'string') return []
    const { expect: _expected, ...rest } = given as Fields
    return [{ name: text(value['name']) ?? describe(request), given: rest }]
  })
}

function describe(request: Fields): string {
  const principal = request['principal']
  const who = typeof principal === 'string' ? principal : ((principal as Fields)?.['arn'] ?? '')
  return `${String(request['action'])} on ${String(request['resource'] ?? '*')} by ${String(who)}`
}

/** One CloudTrail record; ours tell action and resource exactly, AWS's by event and resource list. */
function fromCloudTrail(event: Fields, identity: Fields): NamedCase[] {
  const web = webIdentity(identity)
  const principal = web?.principal ?? principalOf(identity)
  const extra = isFields(event['additionalEventData']) ? event['additionalEventData'] : {}
  const ours = isFields(extra['podpass']) ? extra['podpass'] : {}
  const service = text(event['eventSource'])?.split('.')[0]
  const action = text(ours['action']) ?? (service && `${service}:${text(event['eventName'])}`)
  if (!principal || !action) return []
  const resources = Array.isArray(event['resources']) ? (event['resources'] as Fields[]) : []
  const resource = text(ours['resource']) ?? text(resources[0]?.['ARN']) ?? '*'
  const context = Object.fromEntries(
    Object.entries({
      'aws:SourceIp': text(event['sourceIPAddress']),
      'aws:UserAgent': text(event['userAgent']),
      'aws:RequestedRegion': text(event['awsRegion']),
      'aws:CurrentTime': text(event['eventTime']),
      'aws:SecureTransport': 'true',
    }).filter(([, value]) => value !== undefined),
  )
  const who = web?.name ?? text(identity['arn']) ?? ''
  const name = `${text(event['eventTime']) ?? ''} ${action} on ${resource} by ${who}`.trim()
  const request = { principal, action, resource, context: { ...context, ...web?.claims } }
  return [{ name, given: { request } }]
}

/** Who came with a token: `principalId` is `<provider>:<aud>:<sub>`, `userName` the subject. */
function webIdentity(identity: Fields) {
  const provider = text(identity['identityProvider'])
  const subject = text(identity['userName'])
  if (identity['type'] !== 'WebIdentityUser' || !provider || !subject) return undefined
  const issuer = provider.split(':oidc-provider/')[1] ?? provider
  const whole = text(identity['principalId']) ?? ''
  const audience = whole.slice(provider.length + 1, whole.length - subject.length - 1)
  return {
    principal: { kind: 'federated', provider },
    name: subject,
    claims: { [`${issuer}:sub`]: subject, ...(audience && { [`${issuer}:aud`]: audience }) },
  }
}

/** True where the request was made by the user or role of this ARN. */
export function isBy({ given }: NamedCase, arn: string): boolean {
  const principal = (given['request'] as Fields)['principal']
  if (typeof principal === 'string') return principal === arn
  return isFields(principal) && (principal['arn'] === arn || principal['roleArn'] === arn)
}

function principalOf(identity: Fields): unknown {
  const arn = text(identity['arn'])
  const account = text(identity['accountId'])
  if (!arn || !account) return undefined
  if (identity['type'] === 'Root') return { kind: 'root', account, arn }
  const id = text(identity['principalId']) ?? ''
  if (identity['type'] === 'IAMUser') return { kind: 'user', account, arn, id }
  const sessionContext = isFields(identity['sessionContext']) ? identity['sessionContext'] : {}
  const issuer = isFields(sessionContext['sessionIssuer']) ? sessionContext['sessionIssuer'] : {}
  const roleArn = text(issuer['arn'])
  if (!roleArn) return undefined
  return { kind: 'session', account, arn, roleArn, roleId: id.split(':')[0] ?? '' }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
