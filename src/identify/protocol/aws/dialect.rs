//! In which of AWS's formats a call is answered: by what the client spoke on this request, else by what the service speaks.

use crate::catalog::aws::{Service, WireProtocol};
use crate::identify::Dialect;
use crate::model::http::Head;

use super::call::{Candidate, Named};

/// By what the client spoke on this request.
pub(super) fn dialect_of(candidate: &Candidate, head: &Head) -> Dialect {
    match (&candidate.named, candidate.services.first()) {
        (Named::One { service, protocol, .. }, _) => dialect_of_protocol(service, *protocol),
        (_, Some(service)) => dialect_of_service(service, head),
        (_, None) => dialect_of_head(head),
    }
}

/// By what the service speaks first.
pub(super) fn dialect_of_service(service: &Service, head: &Head) -> Dialect {
    if head.header_count("smithy-protocol") > 0 {
        return Dialect::AwsCbor;
    }
    if head.header_count("x-amz-target") > 0 {
        return Dialect::AwsJson;
    }
    let form = service.protocols().find(|protocol| protocol.is_form());
    let protocol = form.or_else(|| service.protocols().next()).unwrap_or(WireProtocol::Query);
    dialect_of_protocol(service, protocol)
}

fn dialect_of_protocol(service: &Service, protocol: WireProtocol) -> Dialect {
    match protocol {
        WireProtocol::Query => Dialect::AwsQuery,
        WireProtocol::Ec2 => Dialect::AwsEc2,
        WireProtocol::Json => Dialect::AwsJson,
        WireProtocol::RestJson => Dialect::AwsRestJson,
        WireProtocol::RestXml if service.name.get() == "s3" => Dialect::S3,
        WireProtocol::RestXml => Dialect::AwsRestXml,
        WireProtocol::Cbor => Dialect::AwsCbor,
    }
}

/// Nothing tells the service: what the client seems to speak.
pub(super) fn dialect_of_head(head: &Head) -> Dialect {
    let media = head.header("content-type").unwrap_or_default();
    match media {
        _ if head.header_count("smithy-protocol") > 0 => Dialect::AwsCbor,
        _ if head.header_count("x-amz-target") > 0 || media.starts_with("application/x-amz-json") => Dialect::AwsJson,
        _ if media.starts_with("application/x-www-form-urlencoded") => Dialect::AwsQuery,
        _ => Dialect::AwsRestJson,
    }
}
