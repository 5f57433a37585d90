/** The tree of instance metadata below `/latest/`, as EC2 lays it out. */

/** The instance that a node is. */
export interface Instance {
  readonly instanceId: string
  readonly instanceType: string
  readonly privateIp: string
  /** Private DNS name. */
  readonly hostname: string
  readonly account: string
  readonly region: string
  readonly availabilityZone: string
}

/** Answers a path (`/latest/…`), a directory's with its listing; undefined: 404. `now`: ms since the epoch. */
export function metadataTree(
  instance: Instance,
  roleArn: string | undefined,
  now: number,
): (path: string) => string | undefined {
  const leaves = new Map(Object.entries(leavesOf(instance, roleArn, now)))
  return (path) => {
    // The command line asks for some values with a slash at the end.
    const exact = leaves.get(path) ?? leaves.get(path.replace(/\/$/, ''))
    if (exact !== undefined) return exact
    const directory = path.endsWith('/') ? path : `${path}/`
    const names = new Set<string>()
    for (const leaf of leaves.keys()) {
      if (!leaf.startsWith(directory)) continue
      const [name = '', ...rest] = leaf.slice(directory.length).split('/')
      names.add(rest.length > 0 ? `${name}/` : name)
    }
    return names.size > 0 ? [...names].sort().join('\n') : undefined
  }
}

function leavesOf(
  instance: Instance,
  roleArn: string | undefined,
  now: number,
): Record<string, string> {
  const { instanceId, instanceType, privateIp, hostname, account, region } = instance
  const meta = '/latest/meta-data'
  const roleName = roleArn?.slice(roleArn.lastIndexOf('/') + 1)
  const updated = new Date(now).toISOString().replace(/\.\d+Z$/, 'Z')
  return {
    [`${meta}/hostname`]: hostname,
    [`${meta}/instance-id`]: instanceId,
    [`${meta}/instance-type`]: instanceType,
    [`${meta}/local-hostname`]: hostname,
    [`${meta}/local-ipv4`]: privateIp,
    [`${meta}/mac`]: macOf(privateIp),
    [`${meta}/placement/availability-zone`]: instance.availabilityZone,
    [`${meta}/placement/region`]: region,
    [`${meta}/services/domain`]: 'amazonaws.com',
    [`${meta}/services/partition`]: 'aws',
    ...(roleArn !== undefined && {
      [`${meta}/iam/security-credentials/`]: roleName ?? '',
      [`${meta}/iam/info`]: JSON.stringify(
        {
          Code: 'Success',
          LastUpdated: updated,
          InstanceProfileArn: `arn:aws:iam::${account}:instance-profile/${roleName}`,
          InstanceProfileId: `AIPA${instanceId
            .slice(2)
            .toUpperCase()
            .replace(/[0189]/g, 'A')}`,
        },
        null,
        2,
      ),
    }),
    '/latest/dynamic/instance-identity/document': JSON.stringify(
      {
        accountId: account,
        architecture: 'x86_64',
        availabilityZone: instance.availabilityZone,
        billingProducts: null,
        devpayProductCodes: null,
        marketplaceProductCodes: null,
        imageId: 'ami-0podpass000000000',
        instanceId,
        instanceType,
        kernelId: null,
        pendingTime: updated,
        privateIp,
        ramdiskId: null,
        region,
        version: '2017-09-30',
      },
      null,
      2,
    ),
  }
}

/** EC2 forms a MAC address from the private address. */
function macOf(ip: string): string {
  const bytes = ip.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))
  return ['02', '00', ...bytes].join(':')
}
