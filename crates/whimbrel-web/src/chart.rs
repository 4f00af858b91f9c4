//! Bars: how much there was in each span of time, drawn as SVG, with the same figures in a table.
//!
//! Nothing is styled in place: the page's policy forbids it. Heights are whole units of a drawing that is as wide as the page.

use askama::Template;

/// Bars for spans of time that follow one another.
#[derive(Debug, Clone, Template)]
#[template(path = "pieces/chart.html")]
pub struct Chart {
    /// What it shows.
    pub title: Box<str>,
    /// What a span is: hour or day.
    pub step: Box<str>,
    /// The spans, the oldest first.
    pub bars: Vec<Bar>,
}

/// What there was in a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// When it began.
    pub label: Box<str>,
    /// Messages.
    pub messages: u64,
    /// Parts.
    pub parts: u64,
    /// Parts that were delivered.
    pub delivered: u64,
    /// Parts that failed.
    pub failed: u64,
}

/// A bar as it is drawn.
struct Drawn {
    x: usize,
    width: usize,
    good: Piece,
    bad: Piece,
    rest: Piece,
    told: String,
}

/// A piece of a bar.
struct Piece {
    y: u64,
    height: u64,
}

/// Units of the drawing for a span, and of them for its bar.
const STEP: usize = 12;
const BAR: usize = 10;
/// Places at least, so that a few bars are no wall; the newest stand at the right.
const PLACES_MIN: usize = 24;
/// Units of its height.
const HEIGHT: u64 = 120;

impl Chart {
    fn most(&self) -> u64 {
        self.bars.iter().map(|bar| bar.parts.max(bar.delivered + bar.failed)).max().unwrap_or(0)
    }

    fn is_empty(&self) -> bool {
        self.most() == 0
    }

    fn width(&self) -> usize {
        self.bars.len().max(PLACES_MIN) * STEP
    }

    fn height(&self) -> u64 {
        HEIGHT
    }

    fn first(&self) -> &str {
        self.bars.first().map_or("", |bar| &bar.label)
    }

    fn last(&self) -> &str {
        self.bars.last().map_or("", |bar| &bar.label)
    }

    fn drawn(&self) -> Vec<Drawn> {
        let most = self.most().max(1);
        // At least one unit, so that little is not nothing.
        let scaled = |count: u64| if count == 0 { 0 } else { (count * HEIGHT / most).max(1) };
        let draw = |(place, bar): (usize, &Bar)| {
            let open = bar.parts.saturating_sub(bar.delivered + bar.failed);
            let (good, bad, rest) = (scaled(bar.delivered), scaled(bar.failed), scaled(open));
            let piece = |below: u64, height: u64| Piece { y: HEIGHT.saturating_sub(below + height), height };
            Drawn {
                x: (place + PLACES_MIN.saturating_sub(self.bars.len())) * STEP + (STEP - BAR) / 2,
                width: BAR,
                good: piece(0, good),
                bad: piece(good, bad),
                rest: piece(good + bad, rest),
                told: format!("{}: {} parts, {} delivered, {} failed", bar.label, bar.parts, bar.delivered, bar.failed),
            }
        };
        self.bars.iter().enumerate().map(draw).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(parts: u64, delivered: u64, failed: u64) -> Bar {
        Bar { label: "<02:00>".into(), messages: parts, parts, delivered, failed }
    }

    #[test]
    fn bars_stand_on_the_ground_and_within_the_drawing() {
        let bars = [bar(0, 0, 0), bar(100, 60, 20), bar(1, 0, 1), bar(5, 90, 20), bar(u64::MAX / 400, 0, 0)];
        for count in 1..=bars.len() {
            let chart = Chart { title: "Parts".into(), step: "hour".into(), bars: bars[..count].to_vec() };
            for drawn in chart.drawn() {
                assert!(drawn.x + drawn.width <= chart.width(), "{}", drawn.x);
                for piece in [&drawn.good, &drawn.bad, &drawn.rest] {
                    assert!(piece.y + piece.height <= HEIGHT, "{} {}", piece.y, piece.height);
                }
            }
            let html = chart.render().expect("a drawing");
            assert!(!html.contains("<02:00>") && !html.contains("style=") && !html.contains("fill="), "{html}");
            assert_eq!(html.matches("<tr>").count(), count + 1, "the table has every bar and a heading");
        }
    }

    #[test]
    fn no_bars_are_said_to_be_none() {
        let html = Chart { title: "Parts".into(), step: "day".into(), bars: vec![] }.render().expect("a drawing");
        assert!(html.contains("Nothing") && !html.contains("<svg"), "{html}");
    }
}
