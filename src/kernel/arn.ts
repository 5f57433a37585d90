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
  const match = /^arn:([^:]*):([^:]*):([^:]*):([^:]*):([\s\S]+)$/.exec(text)
  if (!match) return undefined
  const [, partition = '', service = '', region = '', account = '', resource = ''] = match
  if (!partition || !service) return undefined
  return { partition, service, region, account, resource }
}

/** `arn:aws:iam::<account>:<resource>`. */
export function iamArn(account: string, resource: string): string {
  return `arn:aws:iam::${account}:${resource}`
}

/** The ARN of a role's session: the role's path is dropped, as STS does. */
export function assumedRoleArn(account: string, roleName: string, sessionName: string): string {
  return `arn:aws:sts::${account}:assumed-role/${roleName}/${sessionName}`
}
