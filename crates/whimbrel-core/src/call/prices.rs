//! What parts cost, as an account is told before it sends.

use crate::money::{Currency, Money};
use crate::network::CountryCode;
use crate::phone::PhoneNumber;

/// What is priced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Product {
    /// Texts.
    Text,
    /// Anything else that a vendor sells and we do not: it has no prices.
    Unsold,
}

/// A request for prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricesCall {
    /// Of what.
    pub product: Product,
    /// To where.
    pub scope: PriceScope,
}

/// To where prices are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PriceScope {
    /// Everywhere.
    Everywhere,
    /// One country.
    Country(CountryCode),
    /// Countries by the first digits of their numbers.
    Prefix(Box<str>),
    /// One number.
    Number(PhoneNumber),
}

/// What it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PricesOutcome {
    /// The one country that was asked for.
    Country(CountryPrices),
    /// Countries in the order of their codes.
    Countries(Vec<CountryPrices>),
    /// The price of a part to a number.
    Number(NumberPrice),
    /// There is no such country, or no network known for the number.
    Unknown,
}

/// A country's prices in the account's currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountryPrices {
    /// The country.
    pub country: CountryCode,
    /// The currency of its prices.
    pub currency: Currency,
    /// The price to a network that has none of its own; `None`: nothing is sold to this country.
    pub default_price: Option<Money>,
    /// Its networks, in the order of their codes; none if nothing is sold.
    pub networks: Vec<NetworkPrice>,
}

/// What a part to a network costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkPrice {
    /// The network's code, as [`Network`](crate::Network) has it.
    pub code: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// The price of one part.
    pub price: Money,
}

/// What a part to a number costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberPrice {
    /// The number.
    pub number: PhoneNumber,
    /// Its country.
    pub country: CountryCode,
    /// Its network's code.
    pub network: Box<str>,
    /// The price of one part; `None`: nothing is sold there.
    pub price: Option<Money>,
}
