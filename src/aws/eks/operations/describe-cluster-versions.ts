import type {
  DescribeClusterVersionsRequest,
  DescribeClusterVersionsResponse,
} from '@aws-sdk/client-eks'
import type { Operation } from '../../operation.ts'
import { anyNeed } from '../access.ts'
import { pageOf } from '../paging.ts'
import { versionInformation } from '../versions.ts'

/** The Kubernetes versions on offer; without a filter never empty, which eksctl relies on. */
export const describeClusterVersions: Operation<
  DescribeClusterVersionsRequest,
  DescribeClusterVersionsResponse,
  unknown
> = {
  name: 'DescribeClusterVersions',
  access: () => [anyNeed('DescribeClusterVersions')],
  handle(input, call) {
    const versions = versionInformation(call.at).filter(
      (v) =>
        (!input.defaultOnly || v.defaultVersion) &&
        (input.clusterVersions?.includes(v.clusterVersion ?? '') ?? true) &&
        (input.clusterType === undefined || input.clusterType === v.clusterType) &&
        (input.versionStatus === undefined || input.versionStatus === v.versionStatus) &&
        (input.status === undefined || input.status === v.status),
    )
    const { items, ...rest } = pageOf(versions, input)
    return { clusterVersions: items, ...rest }
  },
}
