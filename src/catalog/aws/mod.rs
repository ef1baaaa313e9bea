//! The AWS operation tables, generated from botocore's service models.
