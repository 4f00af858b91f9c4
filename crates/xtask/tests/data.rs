//! The tables in `data/` read by the product's own rules and say what the documents promise.

use whimbrel_core::{Currency, Networks, PhoneNumber, Prices};

const NETWORKS: &str = include_str!("../../../data/networks.csv");
const PORTED: &str = include_str!("../../../data/ported.csv");
const PRICES: &str = include_str!("../../../data/prices.csv");

fn network(networks: &Networks, digits: &str) -> String {
    let number = PhoneNumber::from_digits(digits).expect("digits");
    networks.find(&number).map(|network| network.code.to_string()).unwrap_or_default()
}

#[test]
fn nobody_is_said_to_have_moved_whom_no_register_told() {
    let networks = Networks::parse(NETWORKS).expect("data/networks.csv");
    assert_eq!(networks.with_ported(PORTED).map(|networks| networks.ported_count()), Ok(0));
}

#[test]
fn networks_read_and_cover_the_world() {
    let networks = Networks::parse(NETWORKS).expect("data/networks.csv");
    assert!(networks.country_count() >= 200, "{}", networks.country_count());
    for (digits, code) in [
        // Fictional ranges.
        ("447700900123", "23420"),
        ("12025550100", "US-FIXED"),
        ("14165550199", "CA-FIXED"),
        ("491713920012", "26201"),
        ("493023125000", "DE-FIXED"),
        ("849800000000", "45204"),
        // Samples of the vendors' documents.
        ("380631112233", "25506"),
        ("59173732677", "73602"),
        // A range, its country, and a country that shares another's code.
        ("491711234567", "26201"),
        ("4930123456", "DE-FIXED"),
        ("77011234567", "40102"),
        ("79161234567", "25001"),
    ] {
        assert_eq!(network(&networks, digits), code, "{digits}");
    }
}

#[test]
fn every_country_has_lines_to_fall_back_to() {
    let row = |line: &'static str| line.split(',').collect::<Vec<_>>();
    let rows: Vec<Vec<&str>> = NETWORKS.lines().filter(|line| !line.starts_with('#')).skip(1).map(row).collect();
    for country in rows.iter().map(|row| row[2]) {
        let fixed = format!("{country}-FIXED");
        assert!(rows.iter().any(|row| row[1] == fixed), "{fixed} is missing");
    }
}

#[test]
fn prices_read_with_a_default_for_each_currency() {
    let networks = Networks::parse(NETWORKS).expect("data/networks.csv");
    let prices = Prices::parse(PRICES).expect("data/prices.csv");
    let number = PhoneNumber::from_digits("447700900000").expect("digits");
    let network = networks.find(&number).expect("a fictional number has a network");
    assert_eq!(
        prices.of_part(network, Currency::EUR).map(|price| price.eight_decimals()).as_deref(),
        Some("0.03330000")
    );
    assert_eq!(
        prices.of_part(network, Currency::USD).map(|price| price.eight_decimals()).as_deref(),
        Some("0.03500000")
    );
}
