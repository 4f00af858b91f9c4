use super::*;

/// A scenario that is refused: the line, and a word of the problem and of the remedy.
fn check(text: &str, line: usize, problem: &str, remedy: &str) {
    let error = Scenario::parse(text).expect_err(text);
    assert_eq!(error.line, line, "{text}: {error}");
    assert!(error.problem.contains(problem) && error.remedy.contains(remedy), "{text}: {error}");
}

#[test]
fn what_is_not_known_is_named_with_what_was_meant() {
    check("sead = 1", 1, "`sead`", "`seed`");
    check("seed = 1\n[receipt]\ncopies = 2", 2, "`receipt`", "`receipts`");
    check("[receipts]\ndelay_ms = 1\ncopys = 2", 3, "`copys`", "`copies`");
    check("[[client]]\nsystem_id = \"a\"\n[client.wire]\ndrop = 1", 4, "`drop`", "`drop_rate`");
    check("[[client]]\nsystem_id = \"a\"\nwire = { drop = 1 }", 3, "`drop`", "`drop_rate`");
    check("[[number]]\nsuffix = \"1\"\n[number.wire]\ndrop_rate = 1", 3, "`wire`", "known here: exact");
    check("[qqqqqqqq]", 1, "`qqqqqqqq`", "known here: seed");
}

#[test]
fn what_cannot_be_is_named_with_its_line() {
    check("seed = ", 1, "", "TOML");
    check("seed = 1\nseed = 2", 2, "duplicate", "TOML");
    check("\nseed = \"x\"", 2, "invalid type", "expected");
    check("[ids]\nresponse = \"hexadecimal\"", 2, "unknown variant", "expected");
    check("[receipts]\ndates = 11", 2, "`receipts.dates`", "10, 12, 14 or 16");
    check("[receipts]\ncopies = 11", 2, "`receipts.copies`", "0 to 10");
    check("[ids]\nwidth = 65", 2, "`ids.width`", "1 to 64");
    check("[answers]\nrefuse_status = 0", 2, "`answers.refuse_status`", "leave it out");
    check("[answers]\nrefuse_every = 0", 2, "`answers.refuse_every`", "1 or more");
    check("[answers]\ncopies = 0", 2, "`answers.copies`", "silent");
    check("[answers]\ndelay_ms = 2678400001", 2, "`answers.delay_ms`", "31 days");
    check("[session]\nbind_status = 0", 2, "`session.bind_status`", "0x0D");
    check("[session]\nunbind_chance = 1.5", 2, "`session.unbind_chance`", "0 to 1");
    check("[wire]\ndrop_rate = -0.1", 2, "`wire.drop_rate`", "0 to 1");
    check("[[client]]\npassword = \"x\"", 1, "`client.0.system_id`", "name the client");
    check(
        "[[client]]\nsystem_id = \"a\"\n[[client]]\nsystem_id = \"b\"\nrate = 0.0",
        5,
        "`client.1.rate`",
        "more than 0",
    );
    check("[[client]]\nsystem_id = \"a\"\nwindow = 0", 3, "`client.0.window`", "1 or more");
    check("[[number]]\noutcome = \"expired\"", 1, "`number.0`", "exact, prefix and suffix");
    check("[[number]]\nexact = \"1\"\nprefix = \"1\"", 1, "`number.0`", "exact, prefix and suffix");
    check("[[number]]\nsuffix = \"\"", 1, "`number.0`", "suffix");
    check("system_id = \"sixteen letters!\"", 1, "`system_id`", "15");
}

#[test]
fn a_scenario_survives_json() {
    let text = r#"
        seed = 7
        [ids]
        response = "hex"
        receipt = "decimal"
        [answers]
        refuse_status = 0x58
        refuse_every = 10
        [[client]]
        system_id = "acme"
        password = "secret"
        modes = ["tx", "rx"]
        rate = 10.0
        [client.wire]
        drop_rate = 0.5
        [[number]]
        suffix = "07"
        outcome = "throttled-once"
    "#;
    let scenario = Scenario::parse(text).expect("a scenario");
    let json = serde_json::to_string(&scenario).expect("JSON");
    assert_eq!(serde_json::from_str::<Scenario>(&json).expect("a scenario"), scenario);
    assert_eq!(scenario.answers.refuse_status, Some(Some(0x58)));
    assert!(!format!("{scenario:?}").contains("secret"));
    assert!(serde_json::from_str::<Scenario>("{\"sead\": 1}").is_err());
    let empty = serde_json::to_string(&Scenario::default()).expect("JSON");
    assert_eq!(empty, "{\"seed\":0}");
}

#[test]
fn the_guide_shows_a_scenario_that_is_one() {
    let guide = include_str!("../../../../docs/guide/simulator.md");
    let mut found = 0;
    for piece in guide.split("```toml\n").skip(1) {
        let text = piece.split("```").next().expect("the fence is closed");
        Scenario::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        found += 1;
    }
    assert!(found > 0, "the guide shows a scenario");
    // Every key is explained there.
    let sections =
        [Ids::KEYS, Receipts::KEYS, Answers::KEYS, Sessions::KEYS, Wires::KEYS, Client::KEYS, NumberRule::KEYS];
    for key in sections.into_iter().flatten() {
        assert!(guide.contains(&format!("`{key}`")), "the guide does not explain `{key}`");
    }
}
