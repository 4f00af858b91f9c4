//! What a value is: the part of JSON Schema (draft 2020-12) that our answers and parameters need.

use serde_json::{Map, Value, json};

use super::Field;

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    pub(super) kind: Kind,
    /// In words; empty: nothing is to be said.
    about: &'static str,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Any,
    Null,
    Boolean,
    Number,
    Integer { least: Option<i64>, most: Option<i64> },
    Text { pattern: Option<&'static str>, format: Option<&'static str>, least: Option<u32>, most: Option<u32> },
    Words(&'static [&'static str]),
    List { of: Box<Schema>, most: Option<u32> },
    Object(Fields),
    OneOf(Vec<Schema>),
    Named(&'static str, Box<Schema>),
}

/// The members of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Fields {
    /// Those that have names.
    pub named: Vec<Field>,
    /// What others are; `None`: an answer has none, and a request's do not count.
    pub others: Option<Box<Schema>>,
}

const fn of(kind: Kind) -> Schema {
    Schema { kind, about: "" }
}

/// Any value.
#[must_use]
pub const fn any() -> Schema {
    of(Kind::Any)
}

/// Nothing.
#[must_use]
pub const fn null() -> Schema {
    of(Kind::Null)
}

/// True or false.
#[must_use]
pub const fn boolean() -> Schema {
    of(Kind::Boolean)
}

/// Any number.
#[must_use]
pub const fn number() -> Schema {
    of(Kind::Number)
}

/// A whole number in that range, ends included.
#[must_use]
pub const fn integer(least: i64, most: i64) -> Schema {
    of(Kind::Integer { least: Some(least), most: Some(most) })
}

/// A whole number of any size.
#[must_use]
pub const fn whole_number() -> Schema {
    of(Kind::Integer { least: None, most: None })
}

/// A text.
#[must_use]
pub const fn text() -> Schema {
    of(Kind::Text { pattern: None, format: None, least: None, most: None })
}

/// One of these words.
#[must_use]
pub const fn words(words: &'static [&'static str]) -> Schema {
    of(Kind::Words(words))
}

/// A list.
#[must_use]
pub fn list(item: Schema) -> Schema {
    of(Kind::List { of: Box::new(item), most: None })
}

/// An object with these members.
#[must_use]
pub fn object(named: impl IntoIterator<Item = Field>) -> Schema {
    of(Kind::Object(Fields { named: named.into_iter().collect(), others: None }))
}

/// An object with these members, and any others.
#[must_use]
pub fn open(named: impl IntoIterator<Item = Field>) -> Schema {
    of(Kind::Object(Fields { named: named.into_iter().collect(), others: Some(Box::new(any())) }))
}

/// An object whose members have any names.
#[must_use]
pub fn map(each: Schema) -> Schema {
    of(Kind::Object(Fields { named: Vec::new(), others: Some(Box::new(each)) }))
}

/// One or more of these.
#[must_use]
pub fn one_of(schemas: impl IntoIterator<Item = Schema>) -> Schema {
    of(Kind::OneOf(schemas.into_iter().collect()))
}

impl Schema {
    /// With an expression (ECMA-262) that texts match.
    #[must_use]
    pub const fn pattern(mut self, expression: &'static str) -> Self {
        if let Kind::Text { pattern, .. } = &mut self.kind {
            *pattern = Some(expression);
        }
        self
    }

    /// With the name of a format, such as `uri` or `date-time`.
    #[must_use]
    pub const fn format(mut self, name: &'static str) -> Self {
        if let Kind::Text { format, .. } = &mut self.kind {
            *format = Some(name);
        }
        self
    }

    /// A text with so many characters, ends included.
    #[must_use]
    pub const fn chars(mut self, from: u32, to: u32) -> Self {
        if let Kind::Text { least, most, .. } = &mut self.kind {
            (*least, *most) = (Some(from), Some(to));
        }
        self
    }

    /// A list with at most so many items.
    #[must_use]
    pub const fn items_max(mut self, count: u32) -> Self {
        if let Kind::List { most, .. } = &mut self.kind {
            *most = Some(count);
        }
        self
    }

    /// With words about it.
    #[must_use]
    pub const fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// This, or null.
    #[must_use]
    pub fn or_null(self) -> Self {
        one_of([self, null()])
    }

    /// Under a name by which the document's other parts refer to it.
    #[must_use]
    pub fn named(self, name: &'static str) -> Self {
        of(Kind::Named(name, Box::new(self)))
    }

    /// The members, if it is an object.
    #[must_use]
    pub fn fields(&self) -> Option<&Fields> {
        match &self.kind {
            Kind::Object(fields) => Some(fields),
            Kind::Named(_, schema) => schema.fields(),
            _ => None,
        }
    }

    /// What it is in a few words, for people: `text, at most 40 characters`.
    #[must_use]
    pub fn told(&self) -> String {
        match &self.kind {
            Kind::Any => "anything".to_owned(),
            Kind::Null => "null".to_owned(),
            Kind::Boolean => "true or false".to_owned(),
            Kind::Number => "number".to_owned(),
            Kind::Integer { least, most } => match (least, most) {
                (Some(least), Some(most)) if *most < i64::from(i32::MAX) => format!("{least} to {most}"),
                (Some(least), _) => format!("whole number, at least {least}"),
                _ => "whole number".to_owned(),
            },
            Kind::Text { format, least, most, .. } => {
                let what = match format {
                    Some("uri") => "URL",
                    Some("date-time") => "time",
                    Some("uuid") => "UUID",
                    Some("date") => "day",
                    _ => "text",
                };
                match (least, most) {
                    (Some(least), Some(most)) if least == most => format!("{what} of {most} characters"),
                    (_, Some(most)) => format!("{what}, at most {most} characters"),
                    _ => what.to_owned(),
                }
            }
            Kind::Words(words) => words.join(", "),
            Kind::List { of, most } => {
                let bound = most.map(|most| format!(", at most {most}")).unwrap_or_default();
                format!("list of: {}{bound}", of.told())
            }
            Kind::Object(_) => "object".to_owned(),
            Kind::OneOf(schemas) => schemas.iter().map(Self::told).collect::<Vec<_>>().join(" or "),
            Kind::Named(_, schema) => schema.told(),
        }
    }

    /// As JSON Schema; those that have names are put into `named` and referred to.
    pub(super) fn json(&self, named: &mut Map<String, Value>) -> Value {
        let mut value = match &self.kind {
            Kind::Any => json!({}),
            Kind::Null => json!({ "type": "null" }),
            Kind::Boolean => json!({ "type": "boolean" }),
            Kind::Number => json!({ "type": "number" }),
            Kind::Integer { least, most } => {
                with(json!({ "type": "integer" }), [("minimum", least), ("maximum", most)])
            }
            Kind::Text { pattern, format, least, most } => {
                let value = with(json!({ "type": "string" }), [("pattern", pattern), ("format", format)]);
                with(value, [("minLength", least), ("maxLength", most)])
            }
            Kind::Words(words) => json!({ "type": "string", "enum": words }),
            Kind::List { of, most } => {
                with(json!({ "type": "array", "items": of.json(named) }), [("maxItems", most), ("minItems", &None)])
            }
            Kind::Object(fields) => object_json(fields, named),
            Kind::OneOf(schemas) => {
                json!({ "anyOf": schemas.iter().map(|schema| schema.json(named)).collect::<Vec<_>>() })
            }
            Kind::Named(name, schema) => {
                if !named.contains_key(*name) {
                    // A place first: the schema may refer to itself.
                    named.insert((*name).to_owned(), Value::Null);
                    let value = schema.json(named);
                    named.insert((*name).to_owned(), value);
                }
                json!({ "$ref": format!("#/components/schemas/{name}") })
            }
        };
        if !self.about.is_empty() {
            value["description"] = self.about.into();
        }
        value
    }

    /// In what a value differs from this: a line for each difference, with the place. Stricter than the document: an object may have no
    /// member that is not described. Expressions and formats are not looked at.
    #[must_use]
    pub fn faults(&self, value: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.look("", value, &mut faults);
        faults
    }

    fn look(&self, place: &str, value: &Value, faults: &mut Vec<String>) {
        let is_one = match &self.kind {
            Kind::Any => true,
            Kind::Null => value.is_null(),
            Kind::Boolean => value.is_boolean(),
            Kind::Number => value.is_number(),
            Kind::Integer { least, most } => value.as_i64().is_some_and(|number| {
                least.is_none_or(|least| number >= least) && most.is_none_or(|most| number <= most)
            }),
            Kind::Text { least, most, .. } => value.as_str().is_some_and(|text| {
                let count = text.chars().count();
                let within = |bound: &Option<u32>| bound.and_then(|bound| usize::try_from(bound).ok());
                within(least).is_none_or(|least| count >= least) && within(most).is_none_or(|most| count <= most)
            }),
            Kind::Words(words) => value.as_str().is_some_and(|word| words.contains(&word)),
            Kind::List { of, .. } => value.as_array().is_some_and(|items| {
                let each = items.iter().enumerate();
                each.for_each(|(index, item)| of.look(&format!("{place}[{index}]"), item, faults));
                true
            }),
            Kind::Object(fields) => value.as_object().is_some_and(|object| {
                look_at_members(fields, place, object, faults);
                true
            }),
            Kind::OneOf(schemas) => {
                let tried: Vec<_> = schemas.iter().map(|schema| schema.faults(value)).collect();
                let is_one = tried.iter().any(Vec::is_empty);
                if !is_one && let Some(nearest) = tried.into_iter().min_by_key(Vec::len) {
                    faults.extend(nearest.into_iter().map(|fault| format!("{place}{fault}")));
                }
                is_one
            }
            Kind::Named(_, schema) => {
                schema.look(place, value, faults);
                true
            }
        };
        if !is_one {
            let shown: String = value.to_string().chars().take(60).collect();
            faults.push(format!("{place}: {shown} is not {}", self.told()));
        }
    }
}

fn look_at_members(fields: &Fields, place: &str, object: &Map<String, Value>, faults: &mut Vec<String>) {
    for field in &fields.named {
        match object.get(field.name) {
            Some(value) => field.schema.look(&format!("{place}.{}", field.name), value, faults),
            None if field.is_required => faults.push(format!("{place}: `{}` is missing", field.name)),
            None => {}
        }
    }
    for (name, value) in object.iter().filter(|(name, _)| fields.named.iter().all(|field| field.name != *name)) {
        match &fields.others {
            Some(schema) => schema.look(&format!("{place}.{name}"), value, faults),
            None => faults.push(format!("{place}: `{name}` is not described")),
        }
    }
}

fn object_json(fields: &Fields, named: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    for field in &fields.named {
        let mut schema = field.schema.json(named);
        if !field.about.is_empty() {
            schema["description"] = field.about.into();
        }
        if let Some(example) = &field.example {
            schema["examples"] = json!([example]);
        }
        properties.insert(field.name.to_owned(), schema);
    }
    let mut value = json!({ "type": "object" });
    if !properties.is_empty() {
        value["properties"] = Value::Object(properties);
    }
    let required: Vec<&str> = fields.named.iter().filter(|field| field.is_required).map(|field| field.name).collect();
    if !required.is_empty() {
        value["required"] = json!(required);
    }
    if let Some(others) = fields.others.as_ref().filter(|others| others.kind != Kind::Any) {
        value["additionalProperties"] = others.json(named);
    }
    value
}

/// Sets what is there.
fn with<T: Copy>(mut value: Value, members: [(&str, &Option<T>); 2]) -> Value
where
    Value: From<T>,
{
    for (name, member) in members {
        if let Some(member) = member {
            value[name] = Value::from(*member);
        }
    }
    value
}
