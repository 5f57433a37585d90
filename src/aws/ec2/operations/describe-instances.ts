import type { Operation } from '../../operation.ts'
import { refuse } from '../errors.ts'
import { filtered } from '../filters.ts'
import { findInstances, ownInstances, refuseDryRun } from '../find.ts'
import type { Ec2Fleet } from '../fleet.ts'
import type { DescribeInstancesInput, DescribeInstancesOutput } from '../shapes.ts'
import { instanceFilters, readInstanceFilter, showReservation } from '../show.ts'

interface Deps {
  readonly fleet: Ec2Fleet
}

/** The caller's instances: the nodes of its clusters in this region. */
export const describeInstances: Operation<DescribeInstancesInput, DescribeInstancesOutput, Deps> = {
  name: 'DescribeInstances',
  access: () => [{ action: 'ec2:DescribeInstances', resource: '*' }],
  handle(input, call, { fleet }) {
    refuseDryRun(input)
    const { InstanceIds: ids, MaxResults: limit, NextToken: token } = input
    if (limit !== undefined && ids?.length) {
      throw refuse.InvalidParameterCombination({
        text: 'The parameter instancesSet cannot be used with the parameter maxResults',
      })
    }
    if (limit !== undefined && (limit < 5 || limit > 1000)) {
      throw refuse.InvalidParameterValue({
        text: `Value ( ${limit} ) for parameter maxResults is invalid. Expecting a value between 5 and 1000.`,
      })
    }
    const own = ids?.length ? findInstances(fleet, call, ids) : ownInstances(fleet, call)
    const found = filtered(own, input.Filters, instanceFilters, (instance, name) =>
      readInstanceFilter(instance, name, fleet.metadataOptions(instance.instanceId)),
    ).sort((a, b) => (a.instanceId < b.instanceId ? -1 : 1))
    const rest = found.filter(({ instanceId }) => token === undefined || instanceId > token)
    const page = rest.slice(0, limit ?? 1000)
    const last = page.at(-1)
    return {
      ...(last && rest.length > page.length ? { NextToken: last.instanceId } : {}),
      Reservations: page.map((instance) =>
        showReservation(instance, fleet.metadataOptions(instance.instanceId)),
      ),
    }
  },
}
