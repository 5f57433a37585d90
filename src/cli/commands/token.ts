/** `token`: a credential for kubectl, made from the caller's AWS identity (kubectl's exec plug-in protocol). */
import { Command } from 'commander'
import { isoSeconds } from '../../kernel/iso-time.ts'
import { awsAccess, awsFailure } from '../aws.ts'
import type { CliContext } from '../context.ts'
import { eksToken } from '../eks-token.ts'

export function tokenCommand(context: CliContext): Command {
  return new Command('token')
    .description('print an EKS token as kubectl wants it (what `aws eks get-token` prints)')
    .requiredOption('-c, --cluster <name>', 'name of the cluster')
    .option('-r, --region <region>', 'AWS region')
    .addHelpText(
      'after',
      `
Examples:
  podpass token --cluster irsa`,
    )
    .action(async (options: { cluster: string; region?: string }, command: Command) => {
      const aws = awsAccess(context, command, options.region)
      const { environment } = aws
      try {
        const { token, expiresAt } = await eksToken(await aws.eks(), {
          cluster: options.cluster,
          region: aws.region,
          stsEndpoint: environment['AWS_ENDPOINT_URL_STS'] ?? environment['AWS_ENDPOINT_URL'],
          now: context.now(),
        })
        const credential = {
          kind: 'ExecCredential',
          apiVersion: 'client.authentication.k8s.io/v1beta1',
          spec: {},
          status: {
            expirationTimestamp: isoSeconds(expiresAt),
            token,
          },
        }
        context.stdout.write(`${JSON.stringify(credential)}\n`)
      } catch (error) {
        throw awsFailure(error, environment)
      }
    })
}
