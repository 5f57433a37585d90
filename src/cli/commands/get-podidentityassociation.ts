/** `get podidentityassociation`: which ServiceAccounts have a role by EKS Pod Identity. */
import type { PodIdentityAssociation } from '@aws-sdk/client-eks'
import { Command } from 'commander'
import { awsAccess, awsFailure } from '../aws.ts'
import { findCluster } from '../cluster-access.ts'
import type { CliContext } from '../context.ts'
import { listAssociations } from '../pod-identity.ts'
import { type OutputFormat, render, table } from '../render.ts'

interface Options {
  readonly cluster: string
  readonly region?: string
  readonly namespace?: string
  readonly serviceAccountName?: string
  readonly output: OutputFormat
}

export function getPodIdentityAssociationCommand(context: CliContext): Command {
  return new Command('podidentityassociation')
    .alias('podidentityassociations')
    .alias('pia')
    .description('list the ServiceAccounts that have a role by EKS Pod Identity')
    .requiredOption('-c, --cluster <name>', 'name of the cluster')
    .option('-r, --region <region>', 'AWS region')
    .option('--namespace <namespace>', 'only of this namespace')
    .option('--service-account-name <name>', 'only of this ServiceAccount')
    .option('-o, --output <format>', 'table, json or yaml', 'table')
    .addHelpText(
      'after',
      `
Examples:
  podpass get podidentityassociation --cluster irsa
  podpass get podidentityassociation --cluster irsa -o json`,
    )
    .action(async (options: Options, command: Command) => {
      const aws = awsAccess(context, command, options.region)
      try {
        await findCluster(aws, options.cluster)
        const { namespace, serviceAccountName: serviceAccount } = options
        const client = await aws.eks()
        const { DescribePodIdentityAssociationCommand } = await import('@aws-sdk/client-eks')
        const filter = {
          ...(namespace && { namespace }),
          ...(serviceAccount && { serviceAccount }),
        }
        const found: ReturnType<typeof row>[] = []
        for (const { associationId } of await listAssociations(client, options.cluster, filter)) {
          const of = { clusterName: options.cluster, associationId }
          const { association } = await client.send(new DescribePodIdentityAssociationCommand(of))
          if (association) found.push(row(association))
        }
        const text = await render(options.output, found, () =>
          table(
            {
              'association arn': (one) => one.associationARN,
              namespace: (one) => one.namespace,
              'service account name': (one) => one.serviceAccountName,
              'iam role arn': (one) => one.roleARN,
              'owner arn': (one) => one.ownerARN ?? '',
            },
            found,
          ),
        )
        context.stdout.write(text)
      } catch (error) {
        throw awsFailure(error, aws.environment)
      }
    })
}

function row(given: PodIdentityAssociation) {
  const { ownerArn, targetRoleArn, externalId } = given
  return {
    associationARN: given.associationArn ?? '',
    namespace: given.namespace ?? '',
    serviceAccountName: given.serviceAccount ?? '',
    roleARN: given.roleArn ?? '',
    ...(ownerArn && { ownerARN: ownerArn }),
    ...(targetRoleArn && { targetRoleARN: targetRoleArn }),
    ...(externalId && { externalID: externalId }),
    ...(given.disableSessionTags && { disableSessionTags: true }),
  }
}
