provider "aws" {
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  s3_use_path_style           = true
}
resource "aws_s3_bucket" "plain" {
  bucket = "tf-plain"
}
resource "aws_s3_bucket" "full" {
  bucket              = "tf-full"
  object_lock_enabled = false
  tags                = { team = "a" }
}
resource "aws_s3_bucket_versioning" "v" {
  bucket = aws_s3_bucket.full.id
  versioning_configuration { status = "Enabled" }
}
resource "aws_s3_bucket_lifecycle_configuration" "l" {
  bucket = aws_s3_bucket.full.id
  rule {
    id     = "old"
    status = "Enabled"
    filter { prefix = "logs/" }
    expiration { days = 30 }
    noncurrent_version_expiration { noncurrent_days = 3 }
  }
  rule {
    id     = "uploads"
    status = "Enabled"
    filter {
      and {
        prefix = "a/"
        tags   = { x = "y" }
      }
    }
    expiration { days = 1 }
  }
}
resource "aws_s3_bucket_server_side_encryption_configuration" "e" {
  bucket = aws_s3_bucket.full.id
  rule {
    apply_server_side_encryption_by_default { sse_algorithm = "AES256" }
  }
}
resource "aws_s3_bucket_public_access_block" "b" {
  bucket                  = aws_s3_bucket.full.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = false
}
resource "aws_s3_bucket_ownership_controls" "o" {
  bucket = aws_s3_bucket.full.id
  rule { object_ownership = "BucketOwnerPreferred" }
}
resource "aws_s3_bucket_acl" "acl" {
  depends_on = [aws_s3_bucket_ownership_controls.o]
  bucket     = aws_s3_bucket.full.id
  acl        = "private"
}
resource "aws_s3_bucket_cors_configuration" "c" {
  bucket = aws_s3_bucket.full.id
  cors_rule {
    allowed_methods = ["GET"]
    allowed_origins = ["https://a.example"]
    max_age_seconds = 30
  }
}
resource "aws_s3_bucket_policy" "p" {
  bucket = aws_s3_bucket.full.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{ Effect = "Deny", Principal = "*", Action = "s3:*", Resource = "${aws_s3_bucket.full.arn}/*",
    Condition = { Bool = { "aws:SecureTransport" = "nothing" } } }]
  })
}
resource "aws_s3_bucket_website_configuration" "w" {
  bucket = aws_s3_bucket.full.id
  index_document { suffix = "index.html" }
}
resource "aws_s3_bucket_logging" "log" {
  bucket        = aws_s3_bucket.plain.id
  target_bucket = aws_s3_bucket.full.id
  target_prefix = "log/"
}
resource "aws_s3_bucket_request_payment_configuration" "r" {
  bucket = aws_s3_bucket.plain.id
  payer  = "Requester"
}
resource "aws_s3_bucket_accelerate_configuration" "a" {
  bucket = aws_s3_bucket.plain.id
  status = "Enabled"
}
resource "aws_s3_bucket" "locked" {
  bucket              = "tf-locked"
  object_lock_enabled = true
}
resource "aws_s3_bucket_object_lock_configuration" "lc" {
  bucket = aws_s3_bucket.locked.id
  rule {
    default_retention {
      mode = "GOVERNANCE"
      days = 1
    }
  }
}
resource "aws_s3_object" "o" {
  bucket  = aws_s3_bucket.plain.id
  key     = "dir/a b.txt"
  content = "hello"
  tags    = { a = "b" }
}
