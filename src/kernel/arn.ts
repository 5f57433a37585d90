/** Amazon Resource Names: `arn:partition:service:region:account:resource`. */

export interface Arn {
  readonly partition: string
  readonly service: string
  readonly region: string
  readonly account: string
  /** All after the fifth colon: `role/path/name`, `bucket/key`. */
  readonly resource: string
}

/** Takes an ARN apart; undefined where the text is none. */
export function parseArn(text: string): Arn | undefined {
  // Read with each request, often more than once: by position, which takes a third of a pattern's time.
  if (!text.startsWith('arn:')) return undefined
  const service = text.indexOf(':', 4) + 1
  const region = text.indexOf(':', service) + 1
  const account = text.indexOf(':', region) + 1
  const resource = text.indexOf(':', account) + 1
  if (service < 6 || region < service + 2 || account === 0 || resource === 0) return undefined
  if (resource === text.length) return undefined
  return {
    partition: text.slice(4, service - 1),
    service: text.slice(service, region - 1),
    region: text.slice(region, account - 1),
    account: text.slice(account, resource - 1),
    resource: text.slice(resource),
  }
}

/** `arn:aws:iam::<account>:<resource>`. */
export function iamArn(account: string, resource: string): string {
  return `arn:aws:iam::${account}:${resource}`
}

/** The ARN of a role's session: the role's path is dropped, as STS does. */
export function assumedRoleArn(account: string, roleName: string, sessionName: string): string {
  return `arn:aws:sts::${account}:assumed-role/${roleName}/${sessionName}`
}
