//! Plans at a million incidents with the planner's default settings: nothing reads a big table from end to end, and
//! nothing sorts many rows.

use serde_json::Value;
use tokio_postgres::Client;
use tokio_postgres::types::Type;
use watchbook_core::query::{IncidentFilter, IncidentQuery, PageRequest, Sort};
use watchbook_store::Incidents;
use watchbook_store::conformance::block_on;
use watchbook_store::postgres::{ExecMode, Question, fixed_statements, sent_for};

use crate::million::{BIG, million};
use crate::questions;
use crate::schema::Schema;

/// The most rows that a plan may expect to sort: one in two hundred of a million. What is met more often is read in the
/// order of its list.
const SORTED: f64 = 5_000.0;
/// The same where a condition has no index and 10,000 rows are looked through at once. The entries of one agent are about
/// 20,000, and the database guesses that from a sample.
const SORTED_IN_STRETCHES: f64 = 25_000.0;
/// From the sixth execution on, the database may keep one plan of a prepared statement for all values.
const EXECUTIONS: u32 = 8;

#[test]
fn no_question_at_a_million_incidents_reads_a_table_from_end_to_end() {
    block_on(async {
        let schema = million().await;
        let client = schema.client().await;
        let mut wrong = Vec::new();
        let questions = questions::all();
        assert!(questions.len() > 1_000, "{}", questions.len());
        for question in &questions {
            wrong.extend(of_question(&client, question).await);
        }
        for (name, sql, types) in fixed_statements() {
            wrong.extend(of_statement(&client, name, sql, types).await);
        }
        let shown = wrong.iter().take(20).map(String::as_str);
        let shown: Vec<&str> = shown.collect();
        assert!(
            wrong.is_empty(),
            "{} plans of {}:\n{}",
            wrong.len(),
            questions.len(),
            shown.join("\n")
        );
        a_plan_that_reads_all_is_noticed(&client).await;
        a_word_that_no_index_knows_is_found(&schema).await;
    });
}

async fn of_question(client: &Client, question: &Question) -> Vec<String> {
    let mut wrong = Vec::new();
    let statements = sent_for(question);
    let sorted = match statements.len() {
        1 => SORTED,
        _ => SORTED_IN_STRETCHES,
    };
    for sent in statements {
        let sql = format!("explain (format json) {}", sent.sql);
        let rows = client.query_typed(&sql, &sent.params()).await.unwrap();
        let faults = faults(&rows[0].get::<_, Value>(0), sorted);
        wrong.extend(faults.iter().map(|fault| format!("{fault}: {question:?}")));
    }
    wrong
}

/// A statement that is kept prepared, with the plans for certain values and the one for all.
async fn of_statement(client: &Client, name: &str, sql: &str, types: &[Type]) -> Vec<String> {
    let declared: Vec<String> = types.iter().map(declared).collect();
    let declared = match declared.as_slice() {
        [] => String::new(),
        some => format!("({})", some.join(", ")),
    };
    let values: Vec<&str> = types.iter().map(|is| value(is)).collect();
    let values = match values.as_slice() {
        [] => String::new(),
        some => format!("({})", some.join(", ")),
    };
    let prepare = format!("prepare {name} {declared} as {sql}");
    client.batch_execute(&prepare).await.unwrap();
    let explain = format!("explain (format json) execute {name}{values}");
    let mut wrong = Vec::new();
    for execution in 0..EXECUTIONS {
        let row = client.query_one(&explain, &[]).await.unwrap();
        let faults = faults(&row.get::<_, Value>(0), SORTED);
        wrong.extend(
            faults
                .iter()
                .map(|fault| format!("{fault}: {name}, {execution}")),
        );
    }
    wrong
}

fn declared(is: &Type) -> String {
    match is.name().strip_prefix('_') {
        Some(element) => format!("{element}[]"),
        None => is.name().to_owned(),
    }
}

/// Some value of a type; texts are JSON, and numbers, too.
fn value(is: &Type) -> &'static str {
    match *is {
        Type::TEXT => "'1'",
        Type::TEXT_ARRAY => "array['1']",
        Type::INT2 | Type::INT4 | Type::INT8 => "1",
        Type::INT2_ARRAY | Type::INT4_ARRAY | Type::INT8_ARRAY => "array[1]",
        Type::BOOL => "true",
        Type::TIMESTAMPTZ => "'2024-06-01'",
        Type::TIMESTAMPTZ_ARRAY => "array[timestamptz '2024-06-01']",
        Type::BOOL_ARRAY => "array[true]",
        Type::BYTEA => "'x'",
        Type::BYTEA_ARRAY => "array[bytea 'x']",
        _ => panic!("no value of type {is}"),
    }
}

/// What is wrong with a plan that may expect to sort so many rows.
fn faults(plan: &Value, sorted: f64) -> Vec<String> {
    let mut faults = Vec::new();
    let mut nodes = vec![&plan[0]["Plan"]];
    while let Some(node) = nodes.pop() {
        let parts = node["Plans"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let table = node["Relation Name"].as_str().unwrap_or_default();
        match node["Node Type"].as_str().unwrap() {
            "Seq Scan" if BIG.contains(&table) => faults.push(format!("reads all of {table}")),
            "Sort" => {
                let rows = parts[0]["Plan Rows"].as_f64().unwrap();
                if rows > sorted {
                    faults.push(format!("sorts {rows} rows"));
                }
            }
            _ => {}
        }
        nodes.extend(parts);
    }
    faults
}

async fn a_plan_that_reads_all_is_noticed(client: &Client) {
    let sql =
        "explain (format json) select * from incidents where length(words) = 7 order by title";
    let row = client.query_one(sql, &[]).await.unwrap();
    let faults = faults(&row.get::<_, Value>(0), SORTED);
    assert!(
        faults.contains(&"reads all of incidents".to_owned()),
        "{faults:?}"
    );
}

/// Two letters are looked for in stretches: pages may be empty, and the next goes on after what was looked at.
async fn a_word_that_no_index_knows_is_found(schema: &Schema) {
    let deep = "update incidents set words = words || ' zq' where id = 'inc_20240303_1733_090333'";
    assert_eq!(schema.execute(deep).await, 1);
    let store = schema.store(ExecMode::Prepared);
    let mut query = IncidentQuery {
        filter: IncidentFilter {
            words: vec!["zq".to_owned()],
            ..IncidentFilter::default()
        },
        sort: Sort::CreatedDesc,
        page: PageRequest::default(),
    };
    let (mut found, mut pages) = (Vec::new(), 0);
    loop {
        let page = store.list(query.clone()).await.unwrap();
        pages += 1;
        found.extend(page.items.iter().map(|incident| incident.id.to_string()));
        let Some(next) = page.next else { break };
        query.page.after = Some(next);
    }
    assert_eq!(
        (found, pages),
        (vec!["inc_20240303_1733_090333".to_owned()], 11)
    );
}
