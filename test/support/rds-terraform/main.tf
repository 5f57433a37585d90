# Aurora as modules write it; `changed` changes it in place. The provider waits half a minute in each step of a cluster
# or instance, so the instances are those of a cluster that is there already: all steps go at once.

provider "aws" {}

variable "changed" {
  type    = bool
  default = false
}

resource "aws_db_subnet_group" "db" {
  name        = "tf-db"
  description = var.changed ? "changed" : "of the database"
  subnet_ids  = var.changed ? ["subnet-0a", "subnet-0b", "subnet-0c"] : ["subnet-0a", "subnet-0b"]
  tags        = { team = "a" }
}
resource "aws_rds_cluster_parameter_group" "db" {
  name        = "tf-db"
  family      = data.aws_rds_engine_version.postgres.parameter_group_family
  description = "of the cluster"
  parameter {
    name  = "log_min_duration_statement"
    value = var.changed ? "100" : "5000"
  }
  parameter {
    name         = "rds.force_ssl"
    value        = "1"
    apply_method = "pending-reboot"
  }
  tags = { team = var.changed ? "b" : "a" }
}
resource "aws_db_parameter_group" "db" {
  name   = "tf-db"
  family = data.aws_rds_engine_version.postgres.parameter_group_family
}
data "aws_rds_engine_version" "postgres" {
  engine = "aurora-postgresql"
}

# Its password is RDS's affair, its users log in with tokens.
resource "aws_rds_cluster" "managed" {
  cluster_identifier                  = "tf-managed"
  engine                              = "aurora-postgresql"
  engine_mode                         = "provisioned"
  engine_version                      = data.aws_rds_engine_version.postgres.version
  database_name                       = "app"
  master_username                     = "postgres"
  manage_master_user_password         = true
  iam_database_authentication_enabled = true
  db_subnet_group_name                = aws_db_subnet_group.db.name
  db_cluster_parameter_group_name     = aws_rds_cluster_parameter_group.db.name
  backup_retention_period             = var.changed ? 7 : 1
  preferred_backup_window             = "07:00-09:00"
  preferred_maintenance_window        = "sun:05:00-sun:06:00"
  storage_encrypted                   = true
  deletion_protection                 = false
  copy_tags_to_snapshot               = true
  enabled_cloudwatch_logs_exports     = ["postgresql"]
  skip_final_snapshot                 = true
  apply_immediately                   = true
  serverlessv2_scaling_configuration {
    min_capacity = 0.5
    max_capacity = var.changed ? 4 : 2
  }
  tags = { team = var.changed ? "b" : "a" }
}
data "aws_secretsmanager_secret_version" "master" {
  secret_id = aws_rds_cluster.managed.master_user_secret[0].secret_arn
}

# Its password is written here, and tokens come later.
resource "aws_rds_cluster" "plain" {
  cluster_identifier                  = "tf-plain"
  engine                              = "aurora-postgresql"
  master_username                     = "postgres"
  master_password                     = var.changed ? "secret88" : "secret99"
  iam_database_authentication_enabled = var.changed
  skip_final_snapshot                 = true
  apply_immediately                   = true
}

# Made by hand, imported, and left when the rest goes.
resource "aws_rds_cluster" "imported" {
  cluster_identifier = "tf-imported"
  engine             = "aurora-postgresql"
  master_username    = "postgres"
  master_password    = "secret99"
  # What import cannot know.
  lifecycle {
    ignore_changes = [master_password, skip_final_snapshot]
  }
}
import {
  to = aws_rds_cluster.imported
  id = "tf-imported"
}
resource "aws_rds_cluster_instance" "db" {
  count                   = 2
  identifier              = "tf-db-${count.index}"
  cluster_identifier      = aws_rds_cluster.imported.id
  instance_class          = var.changed ? "db.t4g.medium" : "db.r6g.large"
  engine                  = aws_rds_cluster.imported.engine
  engine_version          = aws_rds_cluster.imported.engine_version
  db_parameter_group_name = aws_db_parameter_group.db.name
  promotion_tier          = var.changed ? 2 : 1
  apply_immediately       = true
  tags                    = { team = "a" }
}
data "aws_rds_cluster" "imported" {
  cluster_identifier = aws_rds_cluster.imported.id
}

output "version" { value = data.aws_rds_engine_version.postgres.version }
output "address" { value = "${data.aws_rds_cluster.imported.endpoint}:${data.aws_rds_cluster.imported.port}" }
output "tokens" {
  value = [aws_rds_cluster.managed, aws_rds_cluster.plain][*].iam_database_authentication_enabled
}
output "master" {
  value = nonsensitive(jsondecode(data.aws_secretsmanager_secret_version.master.secret_string).username)
}
output "writers" { value = [for instance in aws_rds_cluster_instance.db : instance.identifier if instance.writer] }
