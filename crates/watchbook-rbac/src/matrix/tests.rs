//! The matrix: decisions with the line that made them, roles of the unlisted, approvals, contradictions.

use std::collections::BTreeMap;

use proptest::prelude::*;
use watchbook_core::text::Env;
use watchbook_core::{AgentId, Severity};

use super::{DefaultRoles, Matrix, MatrixPolicy, RolePolicy, Standing};
use crate::approval::{ApprovalPolicy, Asked, AskedMove, Change};
use crate::permission::Permission;
use crate::role::{RoleName, Subject};

fn role(name: &str) -> RoleName {
    name.parse().unwrap()
}

fn agent(id: &str) -> AgentId {
    id.parse().unwrap()
}

fn rules(allow: &[&str], deny: &[&str]) -> RolePolicy {
    let parse = |lines: &[&str]| lines.iter().map(|line| line.parse().unwrap()).collect();
    RolePolicy {
        allow: parse(allow),
        deny: parse(deny),
    }
}

fn policy() -> MatrixPolicy {
    MatrixPolicy {
        agents: BTreeMap::from([
            (agent("sofiia"), role("cto")),
            (agent("helion"), role("oncall")),
        ]),
        people: BTreeMap::from([(agent("human:ada"), role("viewer"))]),
        defaults: DefaultRoles {
            agent: role("viewer"),
            person: role("viewer"),
            local: role("cto"),
            job: role("system"),
        },
        roles: BTreeMap::from([
            (role("cto"), rules(&["*:write"], &[])),
            (
                role("oncall"),
                rules(&["*:write"], &["oncall_tool.incident_redact"]),
            ),
            (
                role("viewer"),
                rules(&["oncall_tool.*", "jobs.get_run"], &["*.weekly_digest"]),
            ),
            (
                role("noter"),
                rules(&["*:write"], &["intelligence.correlate:write"]),
            ),
            (role("system"), rules(&["*:write"], &["*"])),
        ]),
        approvals: vec![
            ApprovalPolicy {
                changes: Some(vec![Change::Close, Change::Severity]),
                envs: Some(vec!["prod".parse().unwrap()]),
                severities: Some(vec![Severity::P0, Severity::P1]),
                roles: None,
                except_roles: vec![role("cto")],
            },
            ApprovalPolicy {
                changes: Some(vec![Change::Merge]),
                roles: Some(vec![role("noter")]),
                ..ApprovalPolicy::default()
            },
        ],
    }
}

fn matrix() -> Matrix {
    Matrix::new(policy()).unwrap()
}

#[test]
fn each_decision_names_its_line() {
    let matrix = matrix();
    let asked = [
        ("cto", Permission::write("oncall_tool", "incident_redact")),
        ("oncall", Permission::write("oncall_tool", "incident_close")),
        (
            "oncall",
            Permission::write("oncall_tool", "incident_redact"),
        ),
        ("viewer", Permission::read("oncall_tool", "incident_get")),
        ("viewer", Permission::write("oncall_tool", "incident_close")),
        ("viewer", Permission::read("jobs", "get_run")),
        ("viewer", Permission::read("jobs", "list_runs")),
        ("viewer", Permission::read("oncall_tool", "weekly_digest")),
        ("noter", Permission::read("intelligence", "correlate")),
        ("noter", Permission::write("intelligence", "correlate")),
        ("system", Permission::read("oncall_tool", "incident_get")),
        ("nobody", Permission::read("oncall_tool", "incident_get")),
    ];
    let lines: Vec<String> = asked
        .iter()
        .map(|(name, permission)| {
            let decision = matrix.decide_for_role(&role(name), permission);
            let word = if decision.allowed { "yes" } else { "no " };
            format!("{word} {name:<6} {permission:<34} {}", decision.rule)
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn who_is_not_listed_has_a_role_by_where_they_come_from() {
    let matrix = matrix();
    for (id, standing, expected) in [
        ("sofiia", Standing::Remote, "cto"),
        ("sofiia", Standing::Job, "cto"),
        ("stranger", Standing::Remote, "viewer"),
        ("stranger", Standing::Local, "viewer"),
        ("human:bob", Standing::Remote, "viewer"),
        ("human:bob", Standing::Local, "cto"),
        ("human:ada", Standing::Local, "viewer"),
        ("system:triage", Standing::Job, "system"),
        ("system:triage", Standing::Remote, "viewer"),
    ] {
        let found = matrix.role_of(&agent(id), standing);
        assert_eq!(found.as_str(), expected, "{id} {standing:?}");
    }
}

#[test]
fn the_unlisted_share_the_budget_of_their_role() {
    let matrix = matrix();
    let subject = |id| matrix.subject_of(&agent(id), Standing::Remote);
    assert_eq!(subject("sofiia"), Subject::Agent(agent("sofiia")));
    assert_eq!(subject("one"), subject("two"));
    assert_eq!(subject("one"), Subject::Role(role("viewer")));
}

#[test]
fn approvals_are_asked_for_by_change_place_severity_and_role() {
    let matrix = matrix();
    let (p1, p3) = (Severity::P1, Severity::P3);
    for (change, env, severity, becomes, name, expected) in [
        (Change::Close, "prod", p1, None, "oncall", Some(0)),
        (Change::Close, "prod", p1, None, "cto", None),
        (Change::Close, "staging", p1, None, "oncall", None),
        (Change::Close, "prod", p3, None, "oncall", None),
        (Change::Severity, "prod", p3, Some(p1), "oncall", Some(0)),
        (Change::Severity, "prod", p1, Some(p3), "oncall", Some(0)),
        (Change::Severity, "prod", p3, Some(p3), "oncall", None),
        (Change::Merge, "prod", p1, None, "oncall", None),
        (Change::Merge, "dev", p3, None, "noter", Some(1)),
    ] {
        let asked = Asked {
            change,
            env: &env.parse().unwrap(),
            severity,
            becomes,
            role: &role(name),
        };
        let found = matrix.approval(&asked).map(|rule| rule.index);
        assert_eq!(found, expected, "{asked:?}");
    }
}

#[test]
fn a_change_of_the_environment_wants_what_it_would_get_around() {
    let mut policy = policy();
    policy.approvals.push(ApprovalPolicy {
        changes: Some(vec![Change::Close]),
        envs: Some(vec!["live".parse().unwrap(), "canary".parse().unwrap()]),
        ..ApprovalPolicy::default()
    });
    let matrix = Matrix::new(policy).unwrap();
    let (p1, p3) = (Severity::P1, Severity::P3);
    for (from, to, name, expected) in [
        // Out of what a line covers.
        (("prod", p1), ("staging", p1), "oncall", Some(0)),
        (("prod", p1), ("staging", p1), "cto", None),
        (("prod", p3), ("staging", p3), "oncall", None),
        // Into it, with a severity that could be chosen freely before.
        (("staging", p1), ("prod", p1), "oncall", Some(0)),
        (("staging", p3), ("prod", p1), "oncall", Some(0)),
        (("staging", p3), ("prod", p3), "oncall", None),
        // A line that leaves the severity alone lets anything in, and nothing out.
        (("staging", p1), ("live", p1), "oncall", None),
        (("live", p3), ("staging", p3), "oncall", Some(2)),
        (("live", p3), ("canary", p3), "oncall", None),
        // A line without environments is left by no move.
        (("staging", p3), ("dev", p3), "noter", None),
    ] {
        let place = |(env, severity): (&str, Severity)| (env.parse::<Env>().unwrap(), severity);
        let (from, to) = (place(from), place(to));
        let asked = AskedMove {
            from: (&from.0, from.1),
            to: (&to.0, to.1),
            role: &role(name),
        };
        let found = matrix.approval_of_move(&asked).map(|rule| rule.index);
        assert_eq!(found, expected, "{asked:?}");
    }
}

#[test]
fn contradictions_are_found_all_at_once() {
    let mut policy = policy();
    policy.agents.insert(agent("bob"), role("cto2"));
    policy.agents.insert(agent("human:eve"), role("cto"));
    policy.people.insert(agent("carl"), role("nothing"));
    policy.defaults.job = role("robot");
    policy.approvals[0].except_roles.push(role("boss"));
    let faults = Matrix::new(policy).unwrap_err();
    let lines: Vec<String> = faults
        .iter()
        .map(|fault| format!("{}: {fault}", fault.path().join(".")))
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

/// Patterns that name the permission or something else, with and without `:write`.
fn lines() -> impl Strategy<Value = Vec<String>> {
    let line = "(\\*|(t|u|\\*|t\\*)\\.(a|b|\\*|\\*a))(:write)?";
    prop::collection::vec(line, 0..6)
}

proptest! {
    #[test]
    fn a_deny_always_wins(allow in lines(), deny in lines(), write: bool) {
        let parse = |lines: &[String]| lines.iter().map(|line| line.parse().unwrap()).collect::<Vec<crate::Pattern>>();
        let permission = Permission { tool: "t", action: "a", write };
        let mut policy = policy();
        let (allow, deny) = (parse(&allow), parse(&deny));
        policy.roles.insert(role("tried"), RolePolicy { allow: allow.clone(), deny: deny.clone() });
        let decision = Matrix::new(policy).unwrap().decide_for_role(&role("tried"), &permission);
        let withdrawn = deny.iter().any(|line| line.withdraws(&permission));
        let granted = allow.iter().any(|line| line.grants(&permission));
        prop_assert_eq!(decision.allowed, granted && !withdrawn);
        prop_assert_eq!(matches!(decision.rule, crate::Rule::Deny { .. }), withdrawn);
    }

    #[test]
    fn who_may_write_may_read(allow in lines(), deny in lines()) {
        let parse = |lines: &[String]| lines.iter().map(|line| line.parse().unwrap()).collect();
        let mut policy = policy();
        policy.roles.insert(role("tried"), RolePolicy { allow: parse(&allow), deny: parse(&deny) });
        let matrix = Matrix::new(policy).unwrap();
        let may = |permission| matrix.decide_for_role(&role("tried"), &permission).allowed;
        prop_assert!(!may(Permission::write("t", "a")) || may(Permission::read("t", "a")));
    }

    #[test]
    fn an_unknown_agent_is_the_default_agent(id in "[a-z]{1,20}x", write: bool, tool in "(oncall_tool|jobs)", action in "[a-z_]{1,12}") {
        let matrix = matrix();
        let permission = Permission { tool: &tool, action: &action, write };
        let decided = matrix.decide(&agent(&id), Standing::Remote, &permission);
        prop_assert_eq!(decided, matrix.decide_for_role(&role("viewer"), &permission));
    }
}
