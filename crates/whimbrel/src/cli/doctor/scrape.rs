//! Reads the gateway's metrics (Prometheus' text format, as far as ours use it). Pure.

/// Samples of one scrape.
pub(super) struct Scrape<'a>(&'a str);

impl<'a> Scrape<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// The sum of the samples of that name whose labels hold `label`, such as `outcome="failed"`; `None` if there are none.
    pub(super) fn sum(&self, name: &str, label: &str) -> Option<f64> {
        let values = self.0.lines().filter_map(|line| {
            let rest = line.strip_prefix(name)?;
            let (labels, value) = rest.rsplit_once(' ')?;
            let is_whole = labels.is_empty() || labels.starts_with('{');
            (is_whole && labels.contains(label)).then(|| value.parse::<f64>().ok())?
        });
        values.reduce(|sum, value| sum + value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_added_by_name_and_label() {
        let text = "# HELP a b\na{x=\"1\",outcome=\"failed\"} 2\na{x=\"2\"} 3\na_total 9\nb 4.5\n";
        let scrape = Scrape::new(text);
        assert_eq!((scrape.sum("a", ""), scrape.sum("a", "outcome=\"failed\"")), (Some(5.0), Some(2.0)));
        assert_eq!((scrape.sum("b", ""), scrape.sum("c", ""), scrape.sum("a", "x=\"3\"")), (Some(4.5), None, None));
    }
}
