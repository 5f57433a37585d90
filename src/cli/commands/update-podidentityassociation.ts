/** `update podidentityassociation`: another role for a ServiceAccount that has one by EKS Pod Identity. */
import { Command, Option } from 'commander'
import { awsAccess, awsFailure } from '../aws.ts'
import { findCluster } from '../cluster-access.ts'
import type { CliContext } from '../context.ts'
import { CliFailure, exitCodes } from '../failure.ts'
import { existingAssociation } from '../pod-identity.ts'
import { runTasks } from '../tasks.ts'

interface Options {
  readonly cluster: string
  readonly region?: string
  readonly namespace: string
  readonly serviceAccountName: string
  readonly roleArn?: string
  readonly targetRoleArn?: string
  readonly sessionTags?: 'on' | 'off'
}

export function updatePodIdentityAssociationCommand(context: CliContext): Command {
  return new Command('podidentityassociation')
    .alias('pia')
    .description('change the role of a ServiceAccount that has one by EKS Pod Identity')
    .requiredOption('-c, --cluster <name>', 'name of the cluster')
    .option('-r, --region <region>', 'AWS region')
    .option('--namespace <namespace>', 'namespace of the ServiceAccount', 'default')
    .requiredOption('--service-account-name <name>', 'name of the ServiceAccount')
    .option('--role-arn <arn>', 'the role from now on')
    .option('--target-role-arn <arn>', 'a role that the role assumes; empty: none')
    .addOption(new Option('--session-tags <state>', 'tags of sessions').choices(['on', 'off']))
    .addHelpText(
      'after',
      `
Examples:
  podpass update podidentityassociation --cluster irsa --namespace default \\
    --service-account-name my-sa --role-arn arn:aws:iam::111122223333:role/other`,
    )
    .action(async (options: Options, command: Command) => {
      const { cluster, namespace, serviceAccountName: name } = options
      const { roleArn, targetRoleArn, sessionTags } = options
      const changes = {
        ...(roleArn && { roleArn }),
        ...(targetRoleArn !== undefined && { targetRoleArn }),
        ...(sessionTags && { disableSessionTags: sessionTags === 'off' }),
      }
      if (Object.keys(changes).length === 0) {
        throw new CliFailure('nothing to change is given', {
          exitCode: exitCodes.usage,
          hints: ['give --role-arn, --target-role-arn or --session-tags'],
        })
      }
      const aws = awsAccess(context, command, options.region)
      try {
        await findCluster(aws, cluster)
        const client = await aws.eks()
        const found = await existingAssociation(client, { cluster, namespace, name })
        const { UpdatePodIdentityAssociationCommand } = await import('@aws-sdk/client-eks')
        const { associationId } = found
        const change = { clusterName: cluster, associationId, ...changes }
        await runTasks(context, [
          {
            mark: '~',
            what: 'association',
            name: `${associationId} of ${namespace}/${name}`,
            run: async () => {
              await client.send(new UpdatePodIdentityAssociationCommand(change))
              return undefined
            },
          },
        ])
        context.stderr.write(
          '  agents keep what they have for up to three hours: make the pods anew to have it now\n',
        )
      } catch (error) {
        throw awsFailure(error, aws.environment)
      }
    })
}
