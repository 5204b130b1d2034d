//! The golden table: every role × every action, with the line of the policy that decides.

use std::fmt::Write as _;

use watchbook_api::ActionKind;
use watchbook_config::{Environment, Flags, Policies, load};
use watchbook_core::AgentId;
use watchbook_rbac::{Permission, RoleName, Standing};

use super::of;

fn shipped() -> Policies {
    let nowhere = std::path::Path::new("/nonexistent");
    let config = load(nowhere, None, &Environment::default(), &Flags::default());
    config.unwrap().policies
}

fn row(policies: &Policies, role: &RoleName, kind: ActionKind) -> String {
    let permission = Permission {
        tool: kind.tool().as_str(),
        action: kind.name(),
        write: of(kind).writes(),
    };
    let decision = policies.matrix.decide_for_role(role, &permission);
    let answer = if decision.allowed { "allow" } else { "deny " };
    format!("{permission:<46} {answer}  {}", decision.rule)
}

#[test]
fn every_role_and_every_action() {
    let policies = shipped();
    let mut table = String::new();
    for role in policies.matrix.roles() {
        writeln!(table, "# {role}").unwrap();
        for kind in ActionKind::ALL {
            writeln!(table, "{}", row(&policies, role, *kind)).unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn what_an_action_needs_is_what_its_contract_says() {
    for kind in ActionKind::ALL {
        assert_eq!(of(*kind).writes(), kind.access().writes(), "{kind}");
    }
}

#[test]
fn the_roles_of_the_shipped_callers() {
    let policies = shipped();
    let role = |agent: &str, standing| {
        let agent = AgentId::new(agent).unwrap();
        policies.matrix.role_of(&agent, standing).to_string()
    };
    for (agent, standing, expected) in [
        ("sofiia", Standing::Remote, "agent_cto"),
        ("helion", Standing::Remote, "agent_oncall"),
        ("monitor", Standing::Remote, "agent_monitor"),
        ("aistalk", Standing::Remote, "agent_interface"),
        ("anybody", Standing::Remote, "agent_default"),
        ("human:ada", Standing::Remote, "viewer"),
        ("human:ada", Standing::Local, "operator"),
        ("monitor", Standing::Local, "agent_monitor"),
    ] {
        assert_eq!(role(agent, standing), expected, "{agent}");
    }
}
