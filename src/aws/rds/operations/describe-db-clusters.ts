/** DescribeDBClusters and DescribeDBClusterEndpoints. */
import type { Operation } from '../../operation.ts'
import { rdsNeed } from '../access.ts'
import type { RdsDeps } from '../deps.ts'
import { refuse } from '../errors.ts'
import { findCluster, plainName } from '../find.ts'
import { filtered, type ListRequest, pageOf, selected } from '../paging.ts'
import type { ClusterRecord } from '../records.ts'
import { showCluster } from '../show.ts'
import { engine } from '../validation.ts'

interface Input extends ListRequest {
  readonly DBClusterIdentifier?: string
}

const filters = {
  'db-cluster-id': (cluster: ClusterRecord) => [cluster.identifier, cluster.arn],
  'db-cluster-resource-id': (cluster: ClusterRecord) => [cluster.resourceId],
  engine: () => [engine],
}

/** One cluster, or all in pages. */
export const describeDBClusters: Operation<Input, object, RdsDeps> = {
  name: 'DescribeDBClusters',
  access: ({ DBClusterIdentifier }, call, deps) => [
    rdsNeed('DescribeDBClusters', call, 'cluster', plainName(DBClusterIdentifier ?? '*'), deps),
  ],
  handle(input, call, { state }) {
    const instances = state.list(call, 'db')
    const all = selected(state.list(call, 'cluster'), input, input.DBClusterIdentifier, {
      byIdentifier: 'db-cluster-id',
      filters,
      notFound: (name) => refuse.DBClusterNotFoundFault({ name }),
    })
    const { items, ...page } = pageOf(all, ({ identifier }) => identifier, input)
    return { DBClusters: items.map((cluster) => showCluster(cluster, instances)), ...page }
  },
}

interface Endpoint {
  readonly DBClusterIdentifier: string
  readonly Endpoint?: string
  readonly Status: string
  readonly EndpointType: 'WRITER' | 'READER'
}

const endpointFilters = {
  'db-cluster-endpoint-type': (endpoint: Endpoint) => [endpoint.EndpointType.toLowerCase()],
  'db-cluster-endpoint-status': (endpoint: Endpoint) => [endpoint.Status],
}

/** The writer's and the reader's of each cluster; there are no custom ones. */
export const describeDBClusterEndpoints: Operation<Input, object, RdsDeps> = {
  name: 'DescribeDBClusterEndpoints',
  access: ({ DBClusterIdentifier }, call, deps) => [
    rdsNeed(
      'DescribeDBClusterEndpoints',
      call,
      'cluster',
      plainName(DBClusterIdentifier ?? '*'),
      deps,
    ),
  ],
  handle(input, call, { state }) {
    const { DBClusterIdentifier } = input
    const clusters = DBClusterIdentifier
      ? [findCluster(state, call, DBClusterIdentifier)]
      : state.list(call, 'cluster')
    const all = filtered(clusters.flatMap(endpointsOf), input.Filters, endpointFilters)
    const keyOf = (e: Endpoint) => `${e.DBClusterIdentifier}/${e.EndpointType}`
    const sorted = all.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
    const { items, ...page } = pageOf(sorted, keyOf, input)
    return { DBClusterEndpoints: items, ...page }
  },
}

function endpointsOf({ identifier, addresses, status }: ClusterRecord): Endpoint[] {
  const shared = { DBClusterIdentifier: identifier, Status: status }
  return [
    { ...shared, EndpointType: 'WRITER', ...(addresses && { Endpoint: addresses.endpoint }) },
    { ...shared, EndpointType: 'READER', ...(addresses && { Endpoint: addresses.readerEndpoint }) },
  ]
}
