//! The rollout: the first line that fits decides, and says which it was.

use watchbook_core::AgentId;

use super::{Rollout, RolloutRule, Stage};

fn agent(id: &str) -> AgentId {
    id.parse().unwrap()
}

fn rule(action: &str, agents: Option<&[&str]>, stage: Stage) -> RolloutRule {
    RolloutRule {
        actions: vec![action.parse().unwrap()],
        agents: agents.map(|agents| agents.iter().map(|id| agent(id)).collect()),
        stage,
    }
}

#[test]
fn the_first_line_that_fits_decides() {
    let rollout = Rollout {
        rules: vec![
            rule("oncall_tool.incident_merge", Some(&["helion"]), Stage::On),
            rule("oncall_tool.incident_merge", None, Stage::DryRun),
            rule("jobs.*", Some(&[]), Stage::On),
            rule("jobs.*", None, Stage::Off),
        ],
        default: Stage::On,
    };
    for (id, tool, action, expected) in [
        ("helion", "oncall_tool", "incident_merge", "rules[0]: on"),
        (
            "sofiia",
            "oncall_tool",
            "incident_merge",
            "rules[1]: dry_run",
        ),
        ("helion", "jobs", "start_task", "rules[3]: off"),
        ("helion", "oncall_tool", "incident_close", "default: on"),
    ] {
        let state = rollout.state(&agent(id), tool, action);
        assert_eq!(state.to_string(), expected, "{id} {tool}.{action}");
    }
}
