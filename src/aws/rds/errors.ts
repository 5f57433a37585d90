/** RDS's refusals, in its own words where they are known. */
import { errors } from '../operation.ts'

export const refuse = errors({
  DBClusterNotFoundFault: [404, 'DBCluster {name} not found.'],
  DBClusterAlreadyExistsFault: [400, 'DB Cluster already exists'],
  InvalidDBClusterStateFault: [400, '{text}'],
  DBInstanceNotFound: [404, 'DBInstance {name} not found.'],
  DBInstanceAlreadyExists: [400, 'DB instance already exists'],
  InvalidDBInstanceState: [400, '{text}'],
  DBClusterRoleAlreadyExists: [400, 'Role ARN {arn} already exists for DB Cluster: {name}.'],
  DBClusterRoleNotFound: [404, 'Role ARN {arn} cannot be found for DB Cluster: {name}.'],
  DBClusterRoleQuotaExceeded: [400, 'DB cluster {name} has as many roles as it can have.'],
  CertificateNotFound: [404, 'Certificate not found: {name}'],
  DBSubnetGroupNotFoundFault: [404, "DB subnet group '{name}' does not exist."],
  DBSubnetGroupAlreadyExists: [400, "The DB subnet group '{name}' already exists."],
  InvalidDBSubnetGroupStateFault: [400, '{text}'],
  DBClusterParameterGroupNotFound: [404, 'DBClusterParameterGroup not found: {name}'],
  DBParameterGroupNotFound: [404, '{type} not found: {name}'],
  DBParameterGroupAlreadyExists: [400, 'Parameter group {name} already exists'],
  InvalidDBParameterGroupState: [400, '{text}'],
  InsufficientDBInstanceCapacity: [400, '{text}'],
  InvalidParameterValue: [400, '{text}'],
  InvalidParameterCombination: [400, '{text}'],
})
