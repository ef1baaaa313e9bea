//! What people are told of a request: only what is public.

use super::request::Request;
use crate::config::NoticeKind;
use crate::model::Approval;
use crate::notify::Notice;
use crate::record::{ApprovalEntry, ApprovalStep};

/// What is told of a step; `None`: nothing.
pub(super) fn notice(request: &Request, step: &ApprovalEntry, default: &Approval) -> Option<Notice> {
    let kind = match step.step {
        ApprovalStep::Opened => NoticeKind::Opened,
        ApprovalStep::Approved => NoticeKind::Approved,
        ApprovalStep::Denied => NoticeKind::Denied,
        ApprovalStep::Expired => NoticeKind::Expired,
        ApprovalStep::Withdrawn => NoticeKind::Withdrawn,
        ApprovalStep::BrokenGlass => NoticeKind::BreakGlass,
        // What joins is part of what was told; what is used or void is in the log.
        ApprovalStep::Joined
        | ApprovalStep::Voted
        | ApprovalStep::Used
        | ApprovalStep::Voided
        | ApprovalStep::Refused
        | ApprovalStep::Reviewed => return None,
    };
    let may_approve = match kind {
        NoticeKind::Opened | NoticeKind::Withdrawn => request.requirement.voters_in_words(default),
        _ => String::new(),
    };
    Some(Notice {
        kind,
        request: Some(request.id),
        operation: request.operation(),
        environment: request.environment.clone(),
        agent: request.agent.clone(),
        person: request.person.clone(),
        by: step.by.clone(),
        may_approve,
        until: step.until,
        session: request.subject.is_call().then_some(request.session),
    })
}
