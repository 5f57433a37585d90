"""Drives S3 as boto3 does by default: prints one JSON object of what it saw."""
import hashlib
import io
import json
import sys
import urllib.request

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, ca = sys.argv[1], sys.argv[2] or None
client = boto3.client("s3", endpoint_url=endpoint, verify=ca)
seen = {}
bucket = "boto3"
client.create_bucket(
    Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"}
)
keys = ["a b+c", "ü///x", "/lead", "dir/", "100%"]
for key in keys:
    client.put_object(Bucket=bucket, Key=key, Body=key.encode(), Metadata={"k": "v"})
seen["keys"] = [o["Key"] for o in client.list_objects_v2(Bucket=bucket)["Contents"]]
seen["bodies"] = all(
    client.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode() for key in keys
)
body = bytes(range(256)) * 4096 * 9
config = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20)
client.upload_fileobj(io.BytesIO(body), bucket, "large", Config=config)
out = io.BytesIO()
client.download_fileobj(bucket, "large", out, Config=config)
seen["large"] = hashlib.md5(out.getvalue()).hexdigest() == hashlib.md5(body).hexdigest()
seen["parts"] = client.head_object(Bucket=bucket, Key="large", PartNumber=1)["PartsCount"]
for version in ["s3", "s3v4"]:
    signer = boto3.client(
        "s3", endpoint_url=endpoint, verify=ca, config=Config(signature_version=version)
    )
    if ca is None:
        url = signer.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a b+c"})
        seen["get " + version] = urllib.request.urlopen(url).read().decode()
        url = signer.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "put " + version})
        request = urllib.request.Request(url, data=b"by url", method="PUT")
        request.add_header("content-type", "")
        seen["put " + version] = urllib.request.urlopen(request).status
client.copy({"Bucket": bucket, "Key": "large"}, bucket, "copy", Config=config)
client.put_object_tagging(
    Bucket=bucket, Key="dir/", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}
)
seen["tags"] = client.get_object_tagging(Bucket=bucket, Key="dir/")["TagSet"]
try:
    client.get_object(Bucket=bucket, Key="none")
except ClientError as error:
    seen["missing"] = error.response["Error"]["Code"]
try:
    client.put_object(Bucket=bucket, Key="dir/", Body=b"", IfNoneMatch="*")
except ClientError as error:
    seen["exists"] = error.response["Error"]["Code"]
boto3.resource("s3", endpoint_url=endpoint, verify=ca).Bucket(bucket).objects.all().delete()
client.delete_bucket(Bucket=bucket)
print(json.dumps(seen))
