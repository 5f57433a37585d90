/** EKS tokens: a presigned GetCallerIdentity that the cluster replays to learn who knocks. */
import type { EKSClient } from '@aws-sdk/client-eks'
import { presignQuery } from '../kernel/sigv4/sign.ts'

/** How long a token is good for (ms): the cluster takes it 15 minutes from its date, clients renew a minute before. */
const lifetimeMs = 14 * 60_000

export interface EksToken {
  readonly token: string
  /** ms since the epoch. */
  readonly expiresAt: number
}

/** Makes a token for `cluster` with the client's own credentials, as `aws eks get-token` does. */
export async function eksToken(
  client: EKSClient,
  options: { cluster: string; region: string; stsEndpoint: string | undefined; now: number },
): Promise<EksToken> {
  const credentials = await client.config.credentials()
  const endpoint = new URL(options.stsEndpoint ?? `https://sts.${options.region}.amazonaws.com`)
  const query = presignQuery({
    method: 'GET',
    rawPath: '/',
    rawQuery: 'Action=GetCallerIdentity&Version=2011-06-15',
    headers: { host: endpoint.host, 'x-k8s-aws-id': options.cluster },
    region: options.region,
    service: 'sts',
    credentials,
    at: options.now,
    expiresSeconds: 60,
  })
  const url = `${endpoint.origin}/?${query}`
  return {
    token: `k8s-aws-v1.${Buffer.from(url).toString('base64url')}`,
    expiresAt: options.now + lifetimeMs,
  }
}
